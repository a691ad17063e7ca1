package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"causeway/mapping"
)

// TestBackup copies a store that is being written. The copy has all that was
// there before it began, nothing of a transaction without the rest, and is in
// doubt.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	path, file := filepath.Join(dir, "causeway.db"), filepath.Join(dir, "copy")
	s := open(t, path)
	defer s.Close()
	want := populate(t, s)
	stop := s.commitAlways(t)
	for range 5 {
		commit(t, s, oneCycle())
	}
	if err := Backup(t.Context(), path, file); err != nil {
		t.Fatal(err)
	}
	stop()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	wantFiles(t, dir, "causeway.db", "causeway.db-shm", "causeway.db-wal", "causeway.db.lock", "copy")
	r := inspect(t, file)
	if i := slices.IndexFunc(r.Bridges, func(b BridgeReport) bool { return b.Domain == "sms.example.org" }); i < 0 || r.Bridges[i].Cycles < 5 {
		t.Errorf("%+v", r.Bridges)
	} else if others := slices.Delete(r.Bridges, i, i+1); !slices.Equal(others, want) {
		t.Errorf("%+v", others)
	}
	if len(r.Problems) > 0 || r.Quarantine != 2 || r.Holder != "" {
		t.Errorf("%+v", r)
	}
	copied := open(t, file)
	defer copied.Close()
	if copied.Clean() {
		t.Error("the copy is clean")
	}
	if n := copied.records(t); n < 5 || n > s.records(t) {
		t.Errorf("%d records", n)
	}
}

// TestBackupKeys: the original goes on after the copy, and two lives of that give other keys.
func TestBackupKeys(t *testing.T) {
	dir := t.TempDir()
	path, files := filepath.Join(dir, "causeway.db"), []string{filepath.Join(dir, "one"), filepath.Join(dir, "two")}
	open(t, path).Close() // nothing was given a key yet
	seen := map[mapping.Key]bool{}
	for _, file := range files {
		if err := Backup(t.Context(), path, file); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range append(files, path) {
		s, x := open(t, file), oneCycle()
		commit(t, s, x)
		s.Close()
		if key := x.Cycles[0].Key(0); seen[key] {
			t.Errorf("%v is given again", key)
		} else {
			seen[key] = true
		}
	}
}

// commitAlways commits until stop is called.
func (s *Store) commitAlways(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		var err error
		for err == nil {
			err = s.Commit(ctx, oneCycle())
		}
		ended <- err
	}()
	return func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// TestBackupOfClosed: the copy is in doubt even if the store is not.
func TestBackupOfClosed(t *testing.T) {
	dir := t.TempDir()
	path, file := filepath.Join(dir, "causeway.db"), filepath.Join(dir, "copy")
	s := open(t, path)
	commit(t, s, oneCycle())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), path, file); err != nil {
		t.Fatal(err)
	}
	for p, clean := range map[string]bool{path: true, file: false} {
		s := open(t, p)
		if n := s.records(t); s.Clean() != clean || n != 1 {
			t.Errorf("%s: clean %t, %d records", p, s.Clean(), n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestBackupFails leaves everything as it was.
func TestBackupFails(t *testing.T) {
	dir := t.TempDir()
	path, out := filepath.Join(dir, "causeway.db"), filepath.Join(dir, "out")
	s := open(t, path)
	defer s.Close()
	commit(t, s, &mapping.Batch{Cycles: []*mapping.Cycle{benchCycle(1)}})
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(out, "old")
	if err := os.WriteFile(old, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx   context.Context
		file  string
		words string
	}{
		"the file exists":   {t.Context(), old, "exists already"},
		"the store's file":  {t.Context(), path, "exists already"},
		"no such directory": {t.Context(), filepath.Join(out, "none", "new"), "does not exist"},
		"the caller leaves": {gone, filepath.Join(out, "new"), "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Backup(test.ctx, path, test.file)
			if err == nil {
				t.Fatal("it was copied")
			}
			wantWords(t, err.Error(), test.words)
			wantFiles(t, out, "old")
			if b, err := os.ReadFile(old); string(b) != "precious" {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
}
