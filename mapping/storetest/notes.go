package storetest

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"causeway/bridges"
	"causeway/mapping"
)

// wantNotes checks the notes of a bridge whose keys begin with prefix.
func (k *kase) wantNotes(bridge, prefix string, want ...mapping.Note) {
	k.Helper()
	var got []mapping.Note
	k.ok(k.EachNote(k.Context(), bridge, prefix, func(n mapping.Note) error {
		got = append(got, n)
		return nil
	}))
	k.equal(got, want)
}

// wantNote checks one; a nil value: there is none.
func (k *kase) wantNote(bridge, key string, want []byte) {
	k.Helper()
	got, ok, err := k.Note(k.Context(), bridge, key)
	k.ok(err)
	k.equal(ok, want != nil)
	k.equal(got, want)
}

func note(bridge, key, value string) mapping.Note {
	return mapping.Note{Bridge: bridge, Key: key, Value: []byte(value)}
}

func noNote(bridge, key string) mapping.Note { return mapping.Note{Bridge: bridge, Key: key} }

func (k *kase) putNotes(all ...mapping.Note) { k.commit(&mapping.Batch{PutNotes: all}) }

// testNotes: each bridge has its own, they outlive a crash, and an empty value
// is one.
func testNotes(k *kase) {
	k.wantNotes(sms, "")
	k.wantNote(sms, "a", nil)
	k.putNotes(note(sms, "a", "1"), note(sms, "b", ""), note(sms, "a", "2"), note(other, "a", "3"), noNote(sms, "never"))
	k.crash()
	k.wantNotes(sms, "", note(sms, "a", "2"), note(sms, "b", ""))
	k.wantNotes(other, "", note(other, "a", "3"))
	k.wantNote(sms, "b", []byte{})
	k.putNotes(noNote(sms, "a"), note(sms, "c", "\x00\xff"), noNote(sms, "c"), note(sms, "c", "\xff\x00"))
	k.crash()
	k.wantNote(sms, "a", nil)
	k.wantNote(other, "a", []byte("3"))
	k.wantNotes(sms, "", note(sms, "b", ""), note(sms, "c", "\xff\x00"))
}

// testNotesPrefix: keys are any bytes, in the order of bytes.
func testNotesPrefix(k *kase) {
	all := []mapping.Note{
		note(sms, "\x00", "1"), note(sms, "A", "2"), note(sms, "a", "3"), note(sms, "a\x00", "4"), note(sms, "a/b", "5"),
		note(sms, "a/b/c", "6"), note(sms, "a0", "7"), note(sms, "ä", "8"), note(sms, "\xff", "9"),
		note(sms, "\xff\xff", "10"), note(sms, strings.Repeat("\xff", bridges.MaxNoteKey), "11"),
	}
	for i := range all {
		k.putNotes(all[len(all)-1-i])
	}
	k.wantNotes(sms, "", all...)
	k.wantNotes(sms, "a", all[2:7]...)
	k.wantNotes(sms, "a/", all[4:6]...)
	k.wantNotes(sms, "a/b/c", all[5])
	k.wantNotes(sms, "b")
	k.wantNotes(sms, "\xff", all[8:]...)
	k.wantNotes(sms, "\xff\xff", all[9:]...)
}

// testNotesPages: more than are read at once, f calls the store, and its error
// stops it.
func testNotesPages(k *kase) {
	const n = 1000
	b := new(mapping.Batch)
	for i := range n {
		b.PutNotes = append(b.PutNotes, note(sms, fmt.Sprintf("k%04d", i), fmt.Sprint(i)))
	}
	k.commit(b)
	i := 0
	k.ok(k.EachNote(k.Context(), sms, "k", func(x mapping.Note) error {
		k.equal(x, b.PutNotes[i])
		i++
		k.Behind(&mapping.Batch{PutNotes: []mapping.Note{noNote(sms, x.Key)}})
		return nil
	}))
	k.equal(i, n)
	k.wantNotes(sms, "")
	k.putNotes(note(sms, "k", ""))
	if err := k.EachNote(k.Context(), sms, "", func(mapping.Note) error { return errStop }); !errors.Is(err, errStop) {
		k.Fatal(err)
	}
	if _, _, err := k.Note(canceled(k.Context()), sms, "k"); err == nil {
		k.Fatal("read for nobody")
	}
}

// testNotesBehind: what is behind is shown at once, and goes with a crash.
func testNotesBehind(k *kase) {
	k.putNotes(note(sms, "a", "1"), note(sms, "b", "1"))
	k.Behind(&mapping.Batch{PutNotes: []mapping.Note{noNote(sms, "a"), note(sms, "b", "2")}})
	k.wantNote(sms, "b", []byte("2"))
	k.wantNotes(sms, "", note(sms, "b", "2"))
	k.reopen()
	k.wantNotes(sms, "", note(sms, "b", "2"))
}

// testNotesStay: nothing but their bridge deletes them, however old, whoever
// leaves; and with a batch that is refused none is written.
func testNotesStay(k *kase) {
	k.ok(k.putAccounts(account(sms, alice, "+1")))
	k.putNotes(note(sms, string(alice), "1"))
	k.commit(&mapping.Batch{DeleteAccounts: []mapping.Account{{Bridge: sms, ID: alice}}})
	k.backend.Sweep(k.T, yearsLater)
	k.ok(k.putAccounts(account(sms, alice, "+1")))
	err := k.Commit(k.Context(), &mapping.Batch{
		PutAccounts: []mapping.Account{account(sms, bob, "+1")}, PutNotes: []mapping.Note{noNote(sms, string(alice)), note(sms, "x", "")},
	})
	if !errors.Is(err, mapping.ErrTaken) {
		k.Fatal(err)
	}
	k.wantNotes(sms, "", note(sms, string(alice), "1"))
}

// testNotesOf: a bridge sees its own, and what is out of bounds harms nothing.
func testNotesOf(k *kase) {
	n := mapping.NotesOf(k.Store, sms)
	longest, largest := strings.Repeat("k", bridges.MaxNoteKey), make([]byte, bridges.MaxNoteValue)
	k.ok(n.Keep(k.Context(), map[string][]byte{"a": {1}, "b": {2}, "c": nil, longest: largest}))
	k.ok(n.Keep(k.Context(), nil))
	k.ok(mapping.NotesOf(k.Store, other).Keep(k.Context(), map[string][]byte{"a": nil, "z": {9}}))
	for key, value := range map[string][]byte{"": {}, longest + "k": {}, "v": append(largest, 0)} {
		err := n.Keep(k.Context(), map[string][]byte{"a": nil, key: value})
		if !errors.Is(err, bridges.ErrNote) {
			k.Fatalf("a key of %d bytes: %v", len(key), err)
		}
	}
	if err := n.Keep(canceled(k.Context()), map[string][]byte{"a": nil}); err == nil {
		k.Fatal("kept for nobody")
	}
	k.crash()
	n = mapping.NotesOf(k.Store, sms)
	got := map[string][]byte{}
	k.ok(n.EachNote(k.Context(), "", func(key string, value []byte) error {
		got[key] = value
		return nil
	}))
	want := map[string][]byte{"a": {1}, "b": {2}, longest: largest}
	k.equal(maps.EqualFunc(got, want, func(x, y []byte) bool { return string(x) == string(y) }), true)
	value, ok, err := n.Note(k.Context(), "b")
	k.ok(err)
	k.equal(ok, true)
	k.equal(value, []byte{2})
}
