// Package stanzatest tries codecs of what stands in a message.
package stanzatest

import (
	"testing"

	"causeway/component/stanza"
)

// Message parses a message with something inside, or fails the test.
func Message(t testing.TB, inside string) *stanza.Stanza {
	t.Helper()
	s, err := parse(inside)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(inside string) (*stanza.Stanza, error) {
	return stanza.Parse([]byte("<message>" + inside + "</message>"))
}

// Fuzz calls check with messages, first with those of some insides. It is called once
// in a fuzz test.
func Fuzz(f *testing.F, check func(t *testing.T, s *stanza.Stanza), insides ...string) {
	f.Helper()
	for _, inside := range insides {
		f.Add(inside)
	}
	f.Fuzz(func(t *testing.T, inside string) {
		if s, err := parse(inside); err == nil {
			check(t, s)
		}
	})
}

// FuzzID wants the id that find finds in a message to be found in what write writes of
// it.
func FuzzID(f *testing.F, find func(*stanza.Stanza) (id string, ok bool), write func(w *stanza.Writer, id string), insides ...string) {
	f.Helper()
	Fuzz(f, func(t *testing.T, s *stanza.Stanza) {
		id, ok := find(s)
		if !ok {
			return
		}
		var w stanza.Writer
		write(&w, id)
		if got, ok := find(Message(t, string(w.Bytes()))); !ok || got != id {
			t.Errorf("%q came back as %q", id, got)
		}
	}, insides...)
}
