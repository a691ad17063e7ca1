package app

import (
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"causeway/bridges/matrix"
	"causeway/cmd/causeway/config"
)

// asked collects the names of areas.
type asked struct {
	alone
	names []string
}

func (a *asked) Area(name string, size int) ([]byte, error) {
	a.names = append(a.names, name)
	return a.alone.Area(name, size)
}

// format is at the end of a name, or before its last element.
var format = regexp.MustCompile(`([a-z]+/\d+)(/[a-z]+)?$`)

// A format that is not among NoteFormats would be taken for one that every
// other build reads.
func TestNoteFormats(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	c, err := config.Parse(defaultFile, readDefault(t), none, Networks())
	if err != nil {
		t.Fatal(err)
	}
	m := c.Bridges[1].Own.(*matrix.Config)
	m.Appservice.Registration = filepath.Join(t.TempDir(), "registration.yaml")
	if err := m.Registration("x").Write(m.Appservice.Registration); err != nil {
		t.Fatal(err)
	}
	c.Store, c.HTTP.Listen = "sqlite:"+filepath.Join(t.TempDir(), "db"), ""
	k := &asked{}
	a, err := New(t.Context(), c, Options{Log: io.Discard, Keeper: k})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if len(k.names) == 0 {
		t.Error("nothing is noted")
	}
	for _, name := range k.names {
		m := format.FindStringSubmatch(name)
		if m == nil || !slices.Contains(NoteFormats(), m[1]) {
			t.Errorf("%s is of none of the formats %v", name, NoteFormats())
		}
	}
}
