package sqlite

import (
	"errors"
	"path/filepath"
	"testing"

	"causeway/mapping"
)

// TestAmend: a record is put back behind all that was accepted before, or goes
// for good; a store that was not closed in order stays so.
func TestAmend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "causeway.db")
	s := open(t, path)
	populate(t, s)
	one, two := mapping.Key{Cycle: 900, Index: 1}, mapping.Key{Cycle: 800, Index: 2}
	if err := Requeue(t.Context(), path, one); !errors.Is(err, ErrInUse) {
		t.Error("of an open store: ", err)
	}
	last := benchCycle(1)
	last.Bridge = "a.example.org"
	commit(t, s, &mapping.Batch{Cycles: []*mapping.Cycle{last}})
	crashed := filepath.Join(t.TempDir(), "causeway.db")
	s.pauseWriter(t, func() { copyDatabase(t, path, crashed) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path = crashed
	for _, c := range []struct {
		f    func() error
		want error
	}{
		{func() error { return Requeue(t.Context(), path, two) }, ErrDamaged},
		{func() error { return Drop(t.Context(), path, two) }, nil},
		{func() error { return Drop(t.Context(), path, two) }, ErrNotThere},
		{func() error { return Requeue(t.Context(), path, one) }, nil},
		{func() error { return Requeue(t.Context(), path, one) }, ErrNotThere},
	} {
		if err := c.f(); !errors.Is(err, c.want) {
			t.Errorf("%v, not %v", err, c.want)
		}
	}
	s = open(t, path)
	defer s.Close()
	if s.Clean() {
		t.Error("it was closed in order")
	}
	var newest mapping.Key
	var data string
	err := s.Replay(t.Context(), "a.example.org", func(k mapping.Key, r mapping.Record) error {
		newest, data = k, string(r.Data)
		return nil
	})
	if err != nil || data != "<a/>" || newest.Cycle <= last.ID {
		t.Errorf("the last record is %v %q, %v", newest, data, err)
	}
	next := benchCycle(1)
	if commit(t, s, &mapping.Batch{Cycles: []*mapping.Cycle{next}}); next.ID <= newest.Cycle {
		t.Errorf("%d was given out twice", next.ID)
	}
}
