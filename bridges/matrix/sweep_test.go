package matrix

import (
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// What a reaction was is forgotten when it is old, and no younger one with it.
func TestOldReactions(t *testing.T) {
	notes := new(bridgetest.Notes)
	_, b, s := onFake(t, notes)
	h := b.host.(*host)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	young := annotates("$b", bob, "❤️", "")
	young.Time = at.Add(time.Hour)
	if err := push(t, b, annotates("$a", bob, "👍", ""), young, annotates("$c", "carol:localhost", "👍", ""), redacts("$r", "carol:localhost", "$c")); err != nil {
		t.Fatal(err)
	}
	left := func(before time.Time) (n int) {
		t.Helper()
		if err := b.forgetReactions(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		for _, prefix := range []string{reactionNotes, reactionsNotes} {
			if err := notes.EachNote(t.Context(), prefix, func(string, []byte) error { n++; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	if n := left(at); n != 5 {
		t.Errorf("of young reactions %d notes are left", n)
	}
	if n := left(at.Add(time.Minute)); n != 2 {
		t.Errorf("beside an old one %d notes are left", n)
	}
	if err := push(t, b, annotates("$d", bob, "🎉", "")); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		next(t, h.came)
	}
	if r, ok := next(t, h.came).(bridges.Reaction); !ok || len(r.Emojis) != 2 || r.Emojis[0] != "❤️" {
		t.Errorf("%+v came", r)
	}
	if n := left(at.Add(2 * time.Hour)); n != 0 {
		t.Errorf("%d notes are left for ever", n)
	}
}
