package sqlite

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"causeway/mapping"
	"causeway/mapping/storetest"
)

// backend makes the stores of one case of the suite. A crash is a copy of the
// files, which go on with the copy.
type backend struct {
	path  string
	store *Store
}

func TestSuite(t *testing.T) {
	storetest.Suite(t, func(t *testing.T) storetest.Backend {
		b := &backend{path: filepath.Join(t.TempDir(), "causeway.db")}
		t.Cleanup(func() {
			if err := b.store.Close(); err != nil {
				t.Error(err)
			}
		})
		return b
	})
}

func (b *backend) Open(t *testing.T) mapping.Store {
	b.store = open(t, b.path)
	return b.store
}

func (b *backend) Crash(t *testing.T) {
	copied := filepath.Join(t.TempDir(), "causeway.db")
	// The writer is idle between commits, and what is behind may be lost, so
	// that a copy is what the disk had at one moment.
	b.store.pauseWriter(t, func() { copyDatabase(t, b.path, copied) })
	old := b.store
	t.Cleanup(func() {
		if err := old.Close(); err != nil {
			t.Error(err)
		}
	})
	b.path = copied
}

func (b *backend) Sweep(t *testing.T, now time.Time) {
	err := errors.Join(b.store.sweepSmall(t.Context(), now), b.store.sweepMessages(t.Context(), now))
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a store whose log goes to the test's.
func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pauseWriter runs f in the writer, where no transaction has written anything.
func (s *Store) pauseWriter(t *testing.T, f func()) {
	err := s.do(t.Context(), &request{step: func(*tx) error {
		f()
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// copyDatabase copies a database and its WAL.
func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(from + end)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+end, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
