package matrix

import (
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/event"
)

// Who leaves while a text is on its way is invited back to it, once; who leaves
// after it is not.
func TestTextBehindALeave(t *testing.T) {
	const invite = "PUT /state/m.room.member/"
	ghost := ghosts{prefix: "_xmpp_", server: "localhost"}.of(alice)
	gone, back := memberIs("!room", "$l", bob, bob, left), memberIs("!room", "$j", bob, bob, joined)
	says := func(who bridges.UserID) event.Event { return text("!room", "$t", who, body("still there?")) }
	for name, c := range map[string]struct {
		events []event.Event
		want   int
	}{
		"before the text":           {[]event.Event{gone, says(ghost)}, 1},
		"behind it":                 {[]event.Event{says(ghost), gone}, 0},
		"and is back":               {[]event.Event{gone, says(ghost), back}, 0},
		"and was invited back":      {[]event.Event{gone, memberIs("!room", "$i", bob, ghost, invited), says(ghost)}, 0},
		"and the ghost, too":        {[]event.Event{gone, says(ghost), memberIs("!room", "$g", ghost, ghost, left)}, 0},
		"and somebody else speaks":  {[]event.Event{gone, says(carol)}, 0},
		"and nothing is to be read": {[]event.Event{gone, annotates("$a", ghost, "x", "")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f, b, s := onFake(t, new(bridgetest.Notes))
			if s.ghost != ghost {
				t.Fatal(s.ghost)
			}
			note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
			if err := push(t, b, c.events...); err != nil {
				t.Fatal(err)
			}
			f.say(invite, refused(502, "M_UNKNOWN"))
			if again, err := doAll(t, b.recalls); err != nil || again != (c.want > 0) {
				t.Errorf("again %t, %v", again, err)
			}
			f.say(invite, answer{200, `{"event_id": "$state"}`})
			b.recalls = newErrands(b, recallNotes, b.callBack) // as after a start
			before := f.count(invite)
			for range 2 {
				if again, err := doAll(t, b.recalls); err != nil || again {
					t.Errorf("again %t, %v", again, err)
				}
			}
			if n := f.count(invite) - before; n != c.want {
				t.Errorf("invited %d times", n)
			}
		})
	}
}
