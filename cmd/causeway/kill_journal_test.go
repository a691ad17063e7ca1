package main_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
	"causeway/mapping/sqlite"
)

// journalled is what the journal held, unsettled, after any of the kills.
type journalled struct {
	ids      map[string]bool // of messages and IQs
	contacts map[string]bool // to whom somebody wanted to subscribe
	records  int             // all, of both directions
}

func newJournalled() journalled {
	return journalled{ids: map[string]bool{}, contacts: map[string]bool{}}
}

func (j *journalled) has(id string) bool { return j.ids[id] }

// read takes in the journal of a gateway that is dead, from a copy.
func (j *journalled) read(t *testing.T, g *gateway, n int) {
	t.Helper()
	store := openCopy(t, g)
	before := j.records
	err := errors.Join(
		store.Replay(t.Context(), domain, func(_ mapping.Key, r mapping.Record) error { return j.add(r) }),
		store.Backlogs(t.Context(), domain, func(_ bridges.AccountID, conversation string, records int) error {
			parked, err := store.Waiting(t.Context(), domain, conversation, records)
			for _, p := range parked {
				err = errors.Join(err, j.add(p.Record))
			}
			return err
		}))
	if err != nil {
		t.Fatalf("the journal after kill %d: %v", n+1, err)
	}
	t.Logf("kill %d: %d unsettled in the journal", n+1, j.records-before)
}

// openCopy opens a copy of the store that a dead gateway has left.
func openCopy(t *testing.T, g *gateway) mapping.Store {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"causeway.db", "causeway.db-wal"} {
		text, err := os.ReadFile(filepath.Join(g.set.Dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "causeway.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func (j *journalled) add(r mapping.Record) error {
	j.records++
	if r.Kind != mapping.FromXMPP {
		return nil
	}
	s, err := stanza.Parse(r.Data)
	if err != nil {
		return err
	}
	contact, _, person := strings.Cut(s.To, "@")
	if s.Kind == stanza.Presence && s.Type == "subscribe" {
		if person { // the gateway itself is asked by clients of their own accord
			j.contacts[contact] = true
		}
	} else if s.ID != "" {
		j.ids[s.ID] = true
	}
	return nil
}
