package matrix

import (
	"fmt"
	"testing"

	"causeway/bridges"
)

// Typing is told once, ends with a text, and is told nowhere else.
func TestTyping(t *testing.T) {
	f, b, s := onFake(t, nil)
	chat := bridges.ChatID(bob)
	typing := func(on bool, want int) {
		t.Helper()
		if err := s.Typing(t.Context(), chat, on); err != nil {
			t.Error(err)
		}
		if n := f.count("PUT /typing/"); n != want {
			t.Errorf("%d calls, not %d", n, want)
		}
	}
	typing(true, 0) // no room is made for that
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	typing(false, 0)
	typing(true, 1)
	if who := b.typists.all(); len(who) != 1 {
		t.Errorf("%v type", who)
	}
	send(t, s, bob, "x")
	if n, who := f.count("PUT /typing/"), b.typists.all(); n != 2 || len(who) != 0 {
		t.Errorf("%d calls after a text, %v type", n, who)
	}
	typing(false, 2)
	for i := range typistLimit {
		b.typists.room[pair{s.ghost, bridges.UserID(fmt.Sprint(i))}] = "!x"
	}
	typing(true, 2)
}

// What was read is told in the room of the chat, if there is one.
func TestRead(t *testing.T) {
	f, b, s := onFake(t, nil)
	for _, want := range []int{0, 1} {
		if err := s.Displayed(t.Context(), bridges.ChatID(bob), "$1"); err != nil {
			t.Error(err)
		}
		if n := f.count("POST /receipt/m.read/$1"); n != want {
			t.Errorf("%d calls, not %d", n, want)
		}
		note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	}
	f.say("POST /receipt/", refused(502, "M_UNKNOWN"))
	if err := s.Displayed(t.Context(), bridges.ChatID(bob), "$1"); bridges.KindOf(err) != bridges.Temporary {
		t.Error(err)
	}
}
