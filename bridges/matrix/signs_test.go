package matrix

import (
	"fmt"
	"net/url"
	"testing"

	"causeway/bridges"
	"causeway/bridges/cache"
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

// What was read is told in the room in which it was said, if the ghost is in it. The
// homeserver is asked where that is only when nobody here knows.
func TestRead(t *testing.T) {
	f, b, s := onFake(t, nil)
	note(t, b, "!old", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	note(t, b, "!new", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	note(t, b, "!left", room{Ghost: s.ghost, Person: carol, GhostIs: joined, PersonIs: joined})
	if err := push(t, b, text("!left", "$left", carol, body("bye"))); err != nil {
		t.Fatal(err)
	}
	note(t, b, "!left", room{})
	if err := push(t, b, text("!old", "$1", bob, body("one")), text("!new", "$2", bob, body("two")), text("!new", "$3", "dan:localhost", body("three"))); err != nil {
		t.Fatal(err)
	}
	reads := func(what string, chat bridges.UserID, event, room string, asked int) {
		t.Helper()
		was, questions := f.count("POST /receipt/"), f.count("GET /event/")
		if err := s.Displayed(t.Context(), bridges.ChatID(chat), bridges.MessageID(event)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		told := 0
		if room != "" {
			told = 1
		}
		n := f.count("POST /rooms/" + url.PathEscape(room) + "/receipt/m.read/" + event)
		if f.count("POST /receipt/")-was != told || n != told || f.count("GET /event/")-questions != asked {
			t.Errorf("%s: %d calls, %d of them in %q, asked %d times", what, f.count("POST /receipt/")-was, n, room, f.count("GET /event/")-questions)
		}
	}
	reads("newest room", bob, "$2", "!new", 0)
	reads("older room", bob, "$1", "!old", 0)
	reads("somebody else in the room", "dan:localhost", "$3", "!new", 0)
	reads("a room that was left", carol, "$left", "", 0)
	reads("no chat", "eve:localhost", "$4", "", 0)
	b.taken = cache.New[string, string](eventsKept) // as after a start
	b.anchors.took("!new", "$5")
	reads("newest of the newest room", bob, "$5", "!new", 0)
	f.say("GET /rooms/%21new/event/$6", refused(404, "M_NOT_FOUND"))
	reads("of before a start", bob, "$6", "!old", 2)
	f.say("GET /event/", refused(404, "M_NOT_FOUND"))
	reads("nowhere", bob, "$7", "", 2)
	f.say("POST /receipt/", refused(502, "M_UNKNOWN"))
	if err := s.Displayed(t.Context(), bridges.ChatID(bob), "$5"); bridges.KindOf(err) != bridges.Temporary {
		t.Error(err)
	}
}
