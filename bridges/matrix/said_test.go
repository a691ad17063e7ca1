package matrix

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/event"
)

// elsewhere are the ways in which a chat comes to another room than !room.
var elsewhere = map[string]func(t *testing.T, f *fake, s *session){
	"the person writes in another": func(t *testing.T, _ *fake, s *session) {
		pushes(t, s.b, text("!other", "$w", bob, body("here")))
	},
	"the room is encrypted": func(t *testing.T, _ *fake, s *session) { pushes(t, s.b, encrypts("!room", "$e")) },
	"the room is encrypted, and left": func(t *testing.T, _ *fake, s *session) {
		pushes(t, s.b, encrypts("!room", "$e"))
		flees(t, s.b)
	},
	"the ghost is thrown out": func(t *testing.T, _ *fake, s *session) {
		pushes(t, s.b, memberIs("!room", "$k", s.ghost, bob, left))
	},
	"the room is replaced": func(t *testing.T, _ *fake, s *session) {
		pushes(t, s.b, state("!room", "$t", typeTombstone, "", bob, `{}`))
	},
	"the person is gone where we may not invite": func(t *testing.T, f *fake, s *session) {
		pushes(t, s.b, memberIs("!room", "$l", bob, bob, left))
		f.say("PUT /state/m.room.member/", refused(403, "M_FORBIDDEN"))
	},
	"the contact is removed": func(t *testing.T, _ *fake, s *session) {
		if err := s.b.Leave(t.Context(), bridges.Account{ID: alice, Self: s.ghost}, bob); err != nil {
			t.Fatal(err)
		}
	},
	"several times": func(t *testing.T, _ *fake, s *session) {
		pushes(t, s.b, text("!other", "$w1", bob, body("here")), text("!third", "$w2", bob, body("there")), text("!other", "$w3", bob, body("here")))
	},
}

func pushes(t *testing.T, b *Bridge, events ...event.Event) {
	t.Helper()
	if err := push(t, b, events...); err != nil {
		t.Fatal(err)
	}
}

// spokenIn is an answer with what a ghost has said in a room, the newest last, as the
// keys of that.
func spokenIn(ghost bridges.UserID, room string, keys ...string) answer {
	var all []event.Event
	for _, key := range keys {
		all = append(all, text(room, "$"+key, ghost, fmt.Sprintf(`{"msgtype": "m.text", "body": "x", "org.causeway.key": %q}`, key)))
	}
	return pageOf("", all...)
}

// inRooms has a chat in the last of these rooms, in each of which something was said.
func inRooms(t *testing.T, b *Bridge, s *session, rooms ...string) {
	t.Helper()
	if err := b.book.change(t.Context(), func(p *page) error { return p.set(ghostNotes+string(s.ghost), ghost{Name: "Alice"}) }); err != nil {
		t.Fatal(err)
	}
	for _, id := range rooms {
		note(t, b, id, room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
		send(t, s, bob, "hello "+id)
	}
}

// TestSaidElsewhere: a text without an answer is found in the room to which it went,
// whatever room the chat has meanwhile, and also by a successor.
func TestSaidElsewhere(t *testing.T) {
	for name, change := range elsewhere {
		for _, dies := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, the worker dies %t", name, dies), func(t *testing.T) {
				t.Parallel()
				notes := new(bridgetest.Notes)
				f, b, s := onFake(t, notes)
				inRooms(t, b, s, "!third", "!other", "!room")
				f.say("PUT room/send/", refused(502, "M_UNKNOWN"))
				m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x", File: bridgetest.FileOf("a", "", []byte("abc"))}
				if _, err := s.Send(t.Context(), m); bridges.KindOf(err) != bridges.Unknown {
					t.Fatal(err)
				}
				change(t, f, s)
				if dies {
					next := newBridge(t, b.cfg, notes)
					next.host, next.gap = b.host, 0
					s = open(t, next)
				}
				f.say("GET room/messages", spokenIn(s.ghost, "!room", writeAll(m, s.ghost)[0].Key))
				counts := func() [3]int {
					return [3]int{f.count("PUT /send/"), f.count("POST /createRoom"), f.count("POST /upload")}
				}
				before := counts()
				ids, err := s.Send(t.Context(), m)
				if want := "$" + writeAll(m, s.ghost)[0].Key; err != nil || len(ids) != 1 || string(ids[0]) != want {
					t.Errorf("%v, %v", ids, err)
				}
				if after := counts(); after != before {
					t.Errorf("of texts, rooms and files there were %v, and are %v", before, after)
				}
				send(t, s, bob, "next")
				if looks := f.count("GET /messages"); send(t, s, bob, "last") == "" || f.count("GET /messages") != looks {
					t.Error("what is not in doubt is looked for")
				}
			})
		}
	}
}

// TestSaidInPart: of a long text what was said in one room is not said in another.
func TestSaidInPart(t *testing.T) {
	for name, c := range map[string]struct {
		room, other answer // what is there
		want        []string
	}{
		"one there":                    {room: spokenIn(someAlice, "!room", "0"), want: []string{"$0"}},
		"one there, and one here":      {room: spokenIn(someAlice, "!room", "0"), other: spokenIn(someAlice, "!other", "1"), want: []string{"$0", "$1"}},
		"one cannot be read any more":  {room: refused(403, "M_FORBIDDEN"), other: spokenIn(someAlice, "!other", "1"), want: []string{"$1"}},
		"another was said after it":    {room: spokenIn(someAlice, "!room", "0", "1"), other: spokenIn(someAlice, "!other", "x"), want: []string{"$0", "$1"}},
		"something was said before it": {room: spokenIn(someAlice, "!room", "x", "0"), want: []string{"$0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, b, s := onFake(t, nil)
			inRooms(t, b, s, "!room", "!other")
			b.sure.Delete(invitation{"!room", s.ghost})
			b.sure.Delete(invitation{"!other", s.ghost})
			m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: newLong("a") + newLong("b") + newLong("c")}
			all := writeAll(m, s.ghost)
			keyed := func(a answer) answer {
				for i, x := range all {
					a.body = strings.ReplaceAll(a.body, fmt.Sprintf(`"%d"`, i), fmt.Sprintf("%q", x.Key))
				}
				return a
			}
			f.say("GET room/messages", keyed(c.room))
			if c.other.status != 0 {
				f.say("GET other/messages", keyed(c.other))
			}
			before := f.count("PUT other/send/")
			ids, err := s.Send(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			n := f.count("PUT other/send/") - before
			if len(ids) != len(c.want)+n || f.count("PUT room/send/") != 1 {
				t.Errorf("%q, after %d", ids, n)
			}
			for i, id := range c.want {
				if string(ids[i]) != id {
					t.Errorf("%q", ids)
				}
			}
			if last := len(all) - 1; string(ids[len(ids)-1]) != "$"+all[last].Key {
				t.Errorf("%q", ids)
			}
		})
	}
}

const someAlice = bridges.UserID("_xmpp_alice=40example.org:localhost")

// TestSaidThenShut: the ghost is thrown out in the midst of a long text, which goes on in
// a new room.
func TestSaidThenShut(t *testing.T) {
	f, b, s := onFake(t, nil)
	inRooms(t, b, s, "!room")
	m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: newLong("a") + newLong("b")}
	all := writeAll(m, s.ghost)
	f.say("PUT room/send/", answer{200, `{"event_id": "$first"}`}, refused(403, "M_FORBIDDEN"))
	f.say("GET room/messages", spokenIn(s.ghost, "!room", all[0].Key))
	ids, err := s.Send(t.Context(), m)
	if err != nil || len(ids) != len(all) || string(ids[0]) != "$"+all[0].Key || f.count("PUT new/send/") != len(all)-1 {
		t.Errorf("%v, %v; %d are said in the new room", ids, err, f.count("PUT new/send/"))
	}
}

// TestEditedBefore: an edit without an answer is found in a room that was encrypted since,
// before the ghost has left it and after that; one that was not said is refused.
func TestEditedBefore(t *testing.T) {
	for name, c := range map[string]struct {
		leaves, said bool
		want         bridges.Kind
	}{
		"said":               {said: true},
		"said, and left":     {said: true, leaves: true},
		"not said":           {want: bridges.Unsupported},
		"not said, and left": {leaves: true, want: bridges.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, b, s := onFake(t, nil)
			inRooms(t, b, s, "!room")
			f.say("PUT room/send/", refused(502, "M_UNKNOWN"))
			e := bridges.Edit{Message: bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}, Of: "$1"}
			if _, err := s.Edit(t.Context(), e); bridges.KindOf(err) != bridges.Unknown {
				t.Fatal(err)
			}
			pushes(t, b, encrypts("!room", "$e"))
			if c.leaves {
				flees(t, b)
				f.say("GET new/event/", refused(404, "M_NOT_FOUND"))
			}
			key := pieces(e.Message, s.ghost)[0].Key
			if c.said {
				f.say("GET room/messages", spokenIn(s.ghost, "!room", key))
			}
			sent := f.count("PUT /send/")
			ids, err := s.Edit(t.Context(), e)
			if c.said && (err != nil || len(ids) != 1 || string(ids[0]) != "$"+key) || !c.said && bridges.KindOf(err) != c.want || f.count("PUT /send/") != sent {
				t.Errorf("%v, %v", ids, err)
			}
		})
	}
}

// TestEarlierRooms: few are noted, the newest, and of old ones nothing.
func TestEarlierRooms(t *testing.T) {
	notes := new(bridgetest.Notes)
	_, b, s := onFake(t, notes)
	who := pair{s.ghost, bob}
	wants := func(what string, want ...string) {
		t.Helper()
		if all, err := b.book.look(t.Context()).rooms(who); err != nil || !slices.Equal(all, want) {
			t.Errorf("%s: %q, %v", what, all, err)
		}
	}
	for _, id := range []string{"!1", "!2", "!3", "!2", "!4", "!5", "!6"} {
		note(t, b, id, room{Ghost: s.ghost, Person: bob})
	}
	wants("many", "!6", "!5", "!4", "!2", "!3")
	if err := b.forgetEarlier(t.Context()); err != nil {
		t.Fatal(err)
	}
	wants("they are recent", "!6", "!5", "!4", "!2", "!3")
	old, _ := json.Marshal(earlier{[]string{"!5"}, time.Now().Add(-earlierKept)})
	if err := notes.Keep(t.Context(), map[string][]byte{earlierKey(who): old}); err != nil {
		t.Fatal(err)
	}
	b.book = newBook(notes)
	wants("an old one", "!6")
	if err := b.forgetEarlier(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, is, err := notes.Note(t.Context(), earlierKey(who)); is || err != nil {
		t.Errorf("it stays: %v", err)
	}
}

// What is no text, or was taken back, may be behind one that is looked for.
func TestSaidBehindNotice(t *testing.T) {
	f, b, s := onFake(t, nil)
	inRooms(t, b, s, "!room")
	b.sure.Delete(invitation{"!room", s.ghost}) // as after a start
	m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}
	said := text("!room", "$k", s.ghost, fmt.Sprintf(`{"msgtype": "m.text", "body": "x", "org.causeway.key": %q}`, writeAll(m, s.ghost)[0].Key))
	f.say("GET room/messages", pageOf("", said, text("!room", "$r", s.ghost, `{}`), text("!room", "$n", s.ghost, `{"msgtype": "m.notice", "body": "offered"}`)))
	before := f.count("PUT /send/")
	ids, err := s.Send(t.Context(), m)
	if n := f.count("PUT /send/") - before; err != nil || n > 0 || !slices.Equal(ids, []bridges.MessageID{"$k"}) {
		t.Errorf("%q, %v, %d are sent", ids, err, n)
	}
}

// While an earlier room cannot be read nothing is said, so nothing is in doubt.
func TestSaidUnknown(t *testing.T) {
	f, b, s := onFake(t, nil)
	inRooms(t, b, s, "!old", "!room")
	b.sure.Delete(invitation{"!old", s.ghost}) // as after a start
	f.say("GET old/messages", refused(500, "M_UNKNOWN"))
	if _, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}); bridges.KindOf(err) != bridges.Temporary {
		t.Errorf("%v is of the kind %d", err, bridges.KindOf(err))
	}
}
