package bridgetest

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"causeway/bridges"
)

// wantNotes checks the keys and values that begin with prefix, in order.
func wantNotes(t *testing.T, n *Notes, prefix, want string) {
	t.Helper()
	var got []string
	err := n.EachNote(t.Context(), prefix, func(key string, value []byte) error {
		got = append(got, key+"="+string(value))
		_, _, err := n.Note(t.Context(), key) // f may call the Notes
		return err
	})
	if s := strings.Join(got, " "); s != want || err != nil {
		t.Errorf("%q: %s, %v, want %s", prefix, s, err, want)
	}
}

func keep(t *testing.T, n *Notes, changes map[string][]byte) {
	t.Helper()
	if err := n.Keep(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func TestNotes(t *testing.T) {
	n := new(Notes)
	wantNotes(t, n, "", "")
	one := []byte("1")
	keep(t, n, map[string][]byte{"b": {}, "a/2": []byte("2"), "a/1": one, "never": nil})
	one[0] = 'x' // the caller's again
	wantNotes(t, n, "", "a/1=1 a/2=2 b=")
	wantNotes(t, n, "a/", "a/1=1 a/2=2")
	keep(t, n, map[string][]byte{"a/1": nil, "b": []byte("3")})
	keep(t, n, nil)
	wantNotes(t, n, "", "a/2=2 b=3")
	if v, ok, err := n.Note(t.Context(), "a/1"); v != nil || ok || err != nil {
		t.Errorf("%q, %t, %v", v, ok, err)
	}
	stop := errors.New("stop")
	if err := n.EachNote(t.Context(), "", func(string, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// TestNotesFail: with an error nothing is kept, whosever fault it is.
func TestNotesFail(t *testing.T) {
	n, full := new(Notes), errors.New("the disk is full")
	keep(t, n, map[string][]byte{"a": []byte("1")})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	change := map[string][]byte{"a": nil}
	n.Fail(full)
	if err := n.Keep(t.Context(), change); !errors.Is(err, full) {
		t.Error(err)
	}
	if _, _, err := n.Note(t.Context(), "a"); !errors.Is(err, full) {
		t.Error(err)
	}
	if err := n.EachNote(t.Context(), "", nil); !errors.Is(err, full) {
		t.Error(err)
	}
	n.Fail(nil)
	if err := n.Keep(gone, change); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for key, value := range map[string][]byte{
		"": {}, strings.Repeat("k", bridges.MaxNoteKey+1): {}, "v": make([]byte, bridges.MaxNoteValue+1),
	} {
		both := maps.Clone(change)
		both[key] = value
		if err := n.Keep(t.Context(), both); !errors.Is(err, bridges.ErrNote) {
			t.Errorf("a key of %d bytes, a value of %d: %v", len(key), len(value), err)
		}
	}
	wantNotes(t, n, "", "a=1")
}
