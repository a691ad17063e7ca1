package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// populate writes something of everything, and returns what Inspect shall find.
func populate(t *testing.T, s *Store) []BridgeReport {
	t.Helper()
	const a, b = "a.example.org", "b.example.org"
	at := time.Unix(1_800_000_000, 0)
	cycles := []*mapping.Cycle{benchCycle(3), benchCycle(2), benchCycle(1)}
	cycles[0].Bridge, cycles[1].Bridge, cycles[2].Bridge = a, a, b
	parked := func(i int, next time.Time) mapping.Parked {
		return mapping.Parked{
			Key: cycles[0].Key(i), Bridge: a, Account: "alice@example.org", Conversation: "c",
			Record: cycles[0].Records[i], Next: next, Expires: at.Add(time.Duration(i) * time.Hour),
		}
	}
	commit(t, s, &mapping.Batch{Cycles: cycles})
	commit(t, s, &mapping.Batch{
		Settle:      []mapping.Key{cycles[1].Key(1)},
		Park:        []mapping.Parked{parked(1, time.Time{}), parked(2, at)},
		PutAccounts: []mapping.Account{{Bridge: a, ID: "alice@example.org", Self: "+12025550199", Created: at}},
		PutMessages: []mapping.Message{
			{Bridge: a, ID: "1", Account: "alice@example.org", At: at},
			{Bridge: a, ID: "2", Account: "alice@example.org", At: at},
			{Bridge: b, ID: "1", Account: "bob@example.org", At: at, State: bridges.Delivered},
		},
		Quarantine: []mapping.Quarantined{
			{Key: mapping.Key{Cycle: 900, Index: 1}, Bridge: a, Reason: "one", At: at, Record: mapping.Record{Kind: mapping.FromXMPP, Data: []byte("<a/>")}},
			{Key: mapping.Key{Cycle: 800, Index: 2}, Bridge: b, Reason: "two", At: at},
		},
		PutNotes: []mapping.Note{{Bridge: b, Key: "1", Value: []byte{}}, {Bridge: b, Key: "2", Value: []byte{1}}},
	})
	return []BridgeReport{
		{Domain: a, Accounts: 1, Cycles: 2, Records: 2, Parked: 2, Expires: at.Add(time.Hour), Next: at, Messages: 2},
		{Domain: b, Cycles: 1, Records: 1, Messages: 1, Notes: 2},
	}
}

func commit(t *testing.T, s *Store, b *mapping.Batch) {
	t.Helper()
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func inspect(t *testing.T, path string) *Report {
	t.Helper()
	r, err := Inspect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestInspect looks at a store while it is open and after it was closed. Its
// files stay as they are.
func TestInspect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s := open(t, path)
	want := populate(t, s)
	test := func(t *testing.T, open bool) {
		before := files(t, path)
		r := inspect(t, path)
		if !slices.Equal(r.Bridges, want) {
			t.Errorf("bridges\n got %+v\nwant %+v", r.Bridges, want)
		}
		if len(r.Problems) > 0 || r.Quarantine != 2 || r.Version != newest(t) || r.Path != path {
			t.Errorf("%+v", r)
		}
		if r.Size != int64(len(before[0])) || r.WAL != int64(len(before[1])) || r.Size+r.WAL == 0 {
			t.Errorf("sizes %d, %d", r.Size, r.WAL)
		}
		if held := strings.HasPrefix(r.Holder, "process "+strconv.Itoa(os.Getpid())+" on "); held != open || !open && r.Holder != "" {
			t.Errorf("holder %q", r.Holder)
		}
		for i, after := range files(t, path) {
			if !bytes.Equal(before[i], after) {
				t.Errorf("file %d has changed", i)
			}
		}
	}
	t.Run("open", func(t *testing.T) { test(t, true) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("closed", func(t *testing.T) { test(t, false) })
	if s = open(t, path); !s.Clean() {
		t.Error("it is not clean")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// files returns what is in the database and its WAL.
func files(t *testing.T, path string) (content [2][]byte) {
	t.Helper()
	for i, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		content[i] = b
	}
	return content
}

func TestQuarantine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s := open(t, path)
	defer s.Close()
	populate(t, s)
	var want, got []mapping.Quarantined
	collect := func(all *[]mapping.Quarantined) func(mapping.Quarantined) error {
		return func(q mapping.Quarantined) error {
			*all = append(*all, q)
			return nil
		}
	}
	if err := s.Quarantined(t.Context(), collect(&want)); err != nil {
		t.Fatal(err)
	}
	if err := Quarantine(t.Context(), path, collect(&got)); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !slices.EqualFunc(got, want, func(a, b mapping.Quarantined) bool {
		return a.Key == b.Key && a.Bridge == b.Bridge && a.Reason == b.Reason && a.At.Equal(b.At) &&
			a.Record.Kind == b.Record.Kind && bytes.Equal(a.Record.Data, b.Record.Data)
	}) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	err := Quarantine(t.Context(), path, func(mapping.Quarantined) error { return context.Canceled })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestInspectKeepsNobodyOut opens a store again and again while others look.
func TestInspectKeepsNobodyOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	looked := make(chan error)
	const lookers = 2
	for range lookers {
		go func() {
			var err error
			for err == nil {
				select {
				case <-ended:
					looked <- nil
					return
				default:
					_, err = holder(path)
				}
			}
			looked <- err
		}()
	}
	for range 20 {
		if err := open(t, path).Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(ended)
	for range lookers {
		if err := <-looked; err != nil {
			t.Error(err)
		}
	}
}

func TestInspectFindsDamage(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(t *testing.T, path string)
		words  string
	}{
		"a cycle": {func(t *testing.T, path string) {
			script(t, path, "UPDATE cycles SET data = substr(data, 1, 50) WHERE id = 1")
		}, "1 damaged cycles of the journal, the first is 1"},
		"a table": {func(t *testing.T, path string) {
			script(t, path, "DROP TABLE quarantine")
		}, "no such table: quarantine"},
		"a page": {func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, 4096), 4096); err != nil {
				t.Fatal(err)
			}
		}, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "causeway.db")
			s := open(t, path)
			populate(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			test.damage(t, path)
			r := inspect(t, path)
			wantWords(t, strings.Join(r.Problems, "\n"), test.words)
		})
	}
}

func TestInspectSaysWhatItIs(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct {
		content, sql string
		words        string
	}{
		"nothing.db": {words: "there is no store at"},
		"text.db":    {content: strings.Repeat("not a database ", 100), words: "not a database"},
		"empty.db":   {sql: "PRAGMA user_version = 0", words: "empty"},
		"foreign.db": {sql: "CREATE TABLE x (y)", words: "another program"},
		"newer.db":   {sql: "PRAGMA application_id = 1129791833; PRAGMA user_version = 999", words: "newer program"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if test.content != "" {
				if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if test.sql != "" {
				for s := range strings.SplitSeq(test.sql, "; ") {
					script(t, path, s)
				}
			}
			_, err := Inspect(t.Context(), path)
			if err == nil {
				t.Fatal("it is a store")
			}
			wantWords(t, err.Error(), path, test.words)
			if err := Backup(t.Context(), path, filepath.Join(dir, "copy")); err == nil {
				t.Error("it is copied")
			}
		})
	}
	if _, err := Inspect(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a directory: %v", err)
	}
}
