package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"zombiezen.com/go/sqlite"

	"causeway/mapping"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// refusal opens what cannot be opened and returns why.
func refusal(t *testing.T, path string) string {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path})
	if err == nil {
		_ = s.Close()
		t.Fatal("it opened")
	}
	return err.Error()
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not say %q", text, w)
		}
	}
}

func TestLockNamesItsHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s := open(t, path)
	host, _ := os.Hostname()
	wantWords(t, refusal(t, path), path, "process "+strconv.Itoa(os.Getpid()), host, "since 20", "stop that first")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path) // the file is still there
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s := open(t, path)
	defer s.Close()
	for _, end := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + end)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", end, info.Mode(), err)
		}
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	wantWords(t, refusal(t, filepath.Join(dir, "no", "x.db")), filepath.Join(dir, "no"), "does not exist", "make it")
	wantWords(t, refusal(t, dir), "is a directory")

	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantWords(t, refusal(t, text), text, "not a database")

	foreign := filepath.Join(dir, "foreign.db")
	script(t, foreign, "CREATE TABLE x (y)")
	wantWords(t, refusal(t, foreign), foreign, "another program")

	newer := filepath.Join(dir, "newer.db")
	if err := open(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	script(t, newer, "PRAGMA user_version = 999")
	wantWords(t, refusal(t, newer), newer, "999", "newer program")

	// A refused store is not locked.
	script(t, newer, fmt.Sprintf("PRAGMA user_version = %d", newest(t)))
	if err := open(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
}

// Check refuses what Open refuses, and nothing else.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := func(name, sql string) string {
		script(t, filepath.Join(dir, name), sql)
		return filepath.Join(dir, name)
	}
	held := filepath.Join(dir, "held.db")
	defer open(t, held).Close()
	for _, path := range []string{filepath.Join(dir, "none.db"), file("empty.db", "PRAGMA user_version = 0"), held} {
		if err := Check(t.Context(), path); err != nil {
			t.Error(err)
		}
	}
	newer := filepath.Join(dir, "newer.db")
	check(t, open(t, newer).Close())
	script(t, newer, "PRAGMA user_version = 999")
	for path, words := range map[string]string{
		dir: "is a directory", newer: "newer program", file("foreign.db", "CREATE TABLE x (y)"): "another program",
	} {
		if err := Check(t.Context(), path); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %s", err, words)
		}
	}
}

// newest is the version of the tables that this program makes.
func newest(t *testing.T) int64 {
	t.Helper()
	all, err := allMigrations()
	if err != nil {
		t.Fatal(err)
	}
	return all[len(all)-1].number
}

// script runs a statement on a closed database.
func script(t *testing.T, path, text string) {
	t.Helper()
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := exec(c, text); err != nil {
		t.Fatal(err)
	}
}

func TestSettings(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	defer s.Close()
	for name, want := range map[string]int64{"synchronous": 2, "application_id": applicationID, "user_version": newest(t)} {
		if got, err := pragma(s.conn, name); got != want || err != nil {
			t.Errorf("%s = %d, %v", name, got, err)
		}
	}
	ok, err := scan(s.conn, "PRAGMA journal_mode", func(r *sqlite.Stmt) {
		if got := r.ColumnText(0); got != "wal" {
			t.Errorf("journal_mode = %s", got)
		}
	})
	if !ok || err != nil {
		t.Error(err)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "causeway.db"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(context.Background(), new(mapping.Batch)); err != errClosed {
		t.Error(err)
	}
	s.Behind(new(mapping.Batch))
}

// TestDamagedCycle: one blob that cannot be read harms only its own records.
func TestDamagedCycle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s := open(t, path)
	var ids []uint64
	for range 3 {
		c := benchCycle(2)
		if err := s.Commit(t.Context(), &mapping.Batch{Cycles: []*mapping.Cycle{c}}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	script(t, path, "UPDATE cycles SET data = substr(data, 1, 50) WHERE id = "+strconv.FormatUint(ids[1], 10))
	s = open(t, path)
	defer s.Close()
	for range 2 {
		var got []uint64
		err := s.Replay(t.Context(), "sms.example.org", func(k mapping.Key, _ mapping.Record) error {
			got = append(got, k.Cycle)
			return nil
		})
		if err != nil || len(got) != 4 || got[0] != ids[0] || got[3] != ids[2] {
			t.Fatalf("replayed %v, %v", got, err)
		}
	}
	n := 0
	err := s.Quarantined(t.Context(), func(q mapping.Quarantined) error {
		n++
		if q.Key.Cycle != ids[1] || len(q.Record.Data) != 50 || q.Reason == "" {
			t.Errorf("%+v", q)
		}
		return nil
	})
	if n != 1 || err != nil {
		t.Fatal(n, err)
	}
}
