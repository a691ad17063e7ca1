package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/cache"
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/event"
)

// at is the time of all events here.
var at = time.UnixMilli(1_700_000_000_000)

// text is an event of a room, and state one that says how it is.
func text(room, id string, from bridges.UserID, content string) event.Event {
	return event.Event{Type: typeMessage, ID: id, Room: room, Sender: userID(from), Content: json.RawMessage(content), Time: at}
}

func body(s string) string { return fmt.Sprintf(`{"msgtype": "m.text", "body": %q}`, s) }

func state(room, id, kind, key string, from bridges.UserID, content string) event.Event {
	return event.Event{Type: kind, ID: id, Room: room, Sender: userID(from), StateKey: &key, Content: json.RawMessage(content), Time: at}
}

func memberIs(room, id string, who, from bridges.UserID, is membership) event.Event {
	return state(room, id, typeMember, userID(who), from, fmt.Sprintf(`{"membership": %q}`, is))
}

// push is a transaction with events.
func push(t *testing.T, b *Bridge, events ...event.Event) error {
	t.Helper()
	return b.Transaction(t.Context(), &appservice.Transaction{ID: "1", Events: events})
}

// came returns the texts and questions that came, and nothing else may have.
func came(t *testing.T, h *host) (texts []string) {
	t.Helper()
	for {
		select {
		case e := <-h.came:
			if r, ok := e.(bridges.ContactRequest); ok {
				texts = append(texts, string(r.Person)+" asks")
				continue
			}
			m, ok := e.(bridges.Message)
			if !ok || m.Chat != bridges.ChatID(m.From) || !m.Sent.Equal(at) {
				t.Errorf("%+v came", e)
			}
			texts = append(texts, string(m.From)+" "+m.Text)
		default:
			return texts
		}
	}
}

// talking is a bridge with a chat of alice and bob in !room.
func talking(t *testing.T) (*fake, *Bridge, *host, bridges.UserID) {
	t.Helper()
	f, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	return f, b, b.host.(*host), s.ghost
}

func TestTransaction(t *testing.T) {
	_, b, h, ghost := talking(t)
	events := []event.Event{
		text("!room", "$1", bob, body("one")),
		text("!room", "$2", ghost, body("our own")),
		text("!room", "$3", bob, `{}`),
		text("!room", "$4", bob, `{"msgtype": "m.emote", "body": "waves"}`),
		text("!room", "$5", bob, `{"msgtype": "m.image", "body": "a.png", "url": "https://localhost/a"}`),
		text("!room", "$6", bob, `{"msgtype": 1}`),
		text("!room", "$7", "carol:localhost", body("I am here, too")),
		text("!elsewhere", "$8", bob, body("nobody knows this room")),
		{Type: typeEncrypted, ID: "$9", Room: "!room", Sender: "@bob:localhost", Content: json.RawMessage(`{}`), Time: at},
		{Type: "m.reaction", ID: "$10", Room: "!room", Sender: "@bob:localhost", Content: json.RawMessage(`{}`), Time: at},
		text("!room", "$11", bob, `{"msgtype": "m.text", "body": ""}`),
		text("!room", "$12", bob, body("last")),
	}
	want := []string{
		"bob:localhost one", "bob:localhost /me waves", "bob:localhost (a picture, which can be seen on Matrix only: a.png)",
		"bob:localhost " + odd, "carol:localhost I am here, too", "bob:localhost " + locked, "bob:localhost " + empty, "bob:localhost last",
	}
	h.fail(errors.New("the store is away"))
	if push(t, b, events...) == nil {
		t.Error("what was not kept was taken")
	}
	h.fail(nil)
	for range 2 { // a homeserver repeats what was not answered
		if err := push(t, b, events...); err != nil {
			t.Fatal(err)
		}
	}
	if got := came(t, h); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q came", got)
	}
}

// The last words before the ghost is thrown out come, though the gateway did not take
// them at first.
func TestLastWords(t *testing.T) {
	_, b, h, ghost := talking(t)
	events := []event.Event{text("!room", "$1", bob, body("bye")), memberIs("!room", "$2", ghost, bob, left)}
	h.fail(errors.New("the store is away"))
	if push(t, b, events...) == nil {
		t.Error("what was not kept was taken")
	}
	h.fail(nil)
	if err := push(t, b, events...); err != nil {
		t.Fatal(err)
	}
	if got := came(t, h); fmt.Sprint(got) != "[bob:localhost bye]" {
		t.Errorf("%q came", got)
	}
}

// Nothing is kept of an invitation that was taken back before it was answered.
func TestInvitationTakenBack(t *testing.T) {
	_, b, s := onFake(t, nil)
	err := push(t, b, memberIs("!new", "$i", s.ghost, bob, invited), text("!new", "$2", bob, body("two")), memberIs("!new", "$3", s.ghost, bob, left))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := doAll(t, b.joins.errands); err != nil || again {
		t.Errorf("again: %t, %v", again, err)
	}
	notes := 0
	err = b.book.notes.EachNote(t.Context(), joinNotes, func(string, []byte) error { notes++; return nil })
	if len(b.joins.news) > 0 || notes > 0 || err != nil {
		t.Errorf("%v and %d notes are left: %v", b.joins.news, notes, err)
	}
}

// What is said in a room that the ghost is about to enter is left for later.
func TestInvitation(t *testing.T) {
	f, b, s := onFake(t, nil)
	h := b.host.(*host)
	events := []event.Event{
		memberIs("!new", "$i", s.ghost, bob, invited),
		text("!new", "$2", bob, body("two")),
	}
	if err := push(t, b, events...); err != nil {
		t.Fatal(err)
	}
	if got := came(t, h); got != nil {
		t.Errorf("%q came before", got)
	}
	f.say("GET /members", answer{200, `{"chunk": [
		{"type": "m.room.member", "event_id": "$1", "room_id": "!new", "sender": "@bob:localhost", "state_key": "@bob:localhost", "content": {"membership": "join"}},
		{"type": "m.room.member", "event_id": "$2", "room_id": "!new", "sender": "@bob:localhost", "state_key": "` + userID(s.ghost) + `", "content": {"membership": "join"}}]}`})
	f.say("GET /state/m.room.encryption", refused(404, "M_NOT_FOUND"))
	const message = `{"type": "m.room.message", "event_id": "%s", "room_id": "!new", "sender": "@bob:localhost", "origin_server_ts": 1700000000000, "content": %s}`
	one, two, before := fmt.Sprintf(message, "$1", body("one")), fmt.Sprintf(message, "$2", body("two")), fmt.Sprintf(message, "$0", body("long ago"))
	const invite = `{"type": "m.room.member", "event_id": "$i", "room_id": "!new", "sender": "@bob:localhost", "state_key": "x", "content": {}}`
	f.say("GET /messages", answer{200, `{"chunk": [` + strings.Join([]string{two, one, invite, before}, ", ") + `]}`},
		answer{200, `{"chunk": [` + strings.Join([]string{before, invite, one, two}, ", ") + `]}`})
	f.say("POST /join", refused(502, "M_UNKNOWN"))
	for range 2 { // the second time it is too early
		if again, err := doAll(t, b.joins.errands); err != nil || !again {
			t.Errorf("again: %t, %v", again, err)
		}
	}
	if n := f.count("POST /join"); n != 3 { // the client's own attempts
		t.Errorf("%d attempts", n)
	}
	f.say("POST /join", answer{200, `{}`})
	b.joins = newJoins(b) // as after a start
	for range 2 {
		if again, err := doAll(t, b.joins.errands); err != nil || again {
			t.Errorf("again: %t, %v", again, err)
		}
	}
	if err := push(t, b, text("!new", "$3", bob, body("three"))); err != nil {
		t.Fatal(err)
	}
	if got := came(t, h); fmt.Sprint(got) != "[bob:localhost asks bob:localhost one bob:localhost two bob:localhost three]" {
		t.Errorf("%q came", got)
	}
	if send(t, s, bob, "answer"); f.count("POST /createRoom") != 0 {
		t.Error("the answer goes to another room")
	}
}

// Who invites a ghost that cannot come hears why.
func TestDeclined(t *testing.T) {
	third := `{"chunk": [
		{"type": "m.room.member", "event_id": "$1", "room_id": "!new", "sender": "@bob:localhost", "state_key": "@bob:localhost", "content": {"membership": "join"}},
		{"type": "m.room.member", "event_id": "$2", "room_id": "!new", "sender": "@bob:localhost", "state_key": "@_xmpp_alice=40example.org:localhost", "content": {"membership": "join"}},
		{"type": "m.room.member", "event_id": "$3", "room_id": "!new", "sender": "@bob:localhost", "state_key": "@carol:localhost", "content": {"membership": "join"}}]}`
	for _, c := range []struct {
		name  string
		set   func(f *fake, h *host, ghost bridges.UserID)
		leave int
	}{
		{"nobody is registered", func(_ *fake, h *host, ghost bridges.UserID) { h.register(ghost, false) }, 1},
		{"three are in the room", func(f *fake, _ *host, _ bridges.UserID) { f.say("GET /members", answer{200, third}) }, 1},
		{"it was taken back", func(f *fake, _ *host, _ bridges.UserID) { f.say("POST /join", refused(403, "M_FORBIDDEN")) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			c.set(f, b.host.(*host), s.ghost)
			if err := push(t, b, memberIs("!new", "$i", s.ghost, bob, invited)); err != nil {
				t.Fatal(err)
			}
			if again, err := doAll(t, b.joins.errands); err != nil || again {
				t.Errorf("again: %t, %v", again, err)
			}
			if n := f.count("POST /leave"); n != c.leave {
				t.Errorf("the ghost leaves %d times", n)
			}
			x, err := b.book.look(t.Context()).room("!new")
			if err != nil || x.GhostIs.in() || x.Invite != "" {
				t.Errorf("the room is %+v, %v", x, err)
			}
		})
	}
}

// Two rooms with one person settle on the one in which was spoken last; a room that
// the ghost is out of, or that was replaced, is nobody's.
func TestSettling(t *testing.T) {
	f, b, _, ghost := talking(t)
	who := pair{ghost, bob}
	want := func(what, id string) {
		t.Helper()
		if c, err := b.book.look(t.Context()).chat(who); err != nil || c.Room != id {
			t.Errorf("%s: the chat is in %q, not %q, %v", what, c.Room, id, err)
		}
	}
	note(t, b, "!second", room{Ghost: ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	want("the newest", "!second")
	for _, c := range []struct {
		what string
		e    event.Event
		room string
	}{
		{"bob speaks", text("!room", "$1", bob, body("x")), "!room"},
		{"the ghost speaks", text("!second", "$2", ghost, body("x")), "!room"},
		{"the ghost is something unheard of", memberIs("!room", "$9", ghost, bob, ""), "!room"},
		{"bob knocks", memberIs("!room", "$10", bob, bob, "knock"), "!room"},
		{"the ghost is thrown out", memberIs("!room", "$3", ghost, bob, left), ""},
		{"bob speaks elsewhere", text("!second", "$4", bob, body("x")), "!second"},
		{"the room is replaced", state("!second", "$5", typeTombstone, "", bob, `{}`), ""},
	} {
		if err := push(t, b, c.e); err != nil {
			t.Fatal(err)
		}
		want(c.what, c.room)
	}
	if f.count("") != 0 {
		t.Error("the homeserver is asked something during a transaction")
	}
}

// A transaction that comes again behind newer ones changes nothing: a homeserver may
// have two repetitions of it under way.
func TestOlderOneAgain(t *testing.T) {
	_, b, h, ghost := talking(t)
	older := []event.Event{
		text("!room", "$1", bob, body("one")),
		memberIs("!room", "$2", ghost, bob, left),
		memberIs("!room", "$3", bob, bob, left),
	}
	newer := []event.Event{
		memberIs("!room", "$4", ghost, ghost, joined),
		memberIs("!room", "$5", bob, ghost, invited),
		memberIs("!room", "$6", bob, bob, joined),
		text("!room", "$7", bob, body("two")),
	}
	for _, events := range [][]event.Event{older, newer, older, newer} {
		if err := push(t, b, events...); err != nil {
			t.Fatal(err)
		}
	}
	if err := push(t, b, text("!room", "$8", bob, body("three"))); err != nil {
		t.Fatal(err)
	}
	if got := came(t, h); fmt.Sprint(got) != "[bob:localhost one bob:localhost two bob:localhost three]" {
		t.Errorf("%q came", got)
	}
	if x, err := b.book.look(t.Context()).room("!room"); err != nil || x.GhostIs != joined || x.PersonIs != joined {
		t.Errorf("the room is %+v, %v", x, err)
	}
}

func TestEphemeral(t *testing.T) {
	_, b, h, ghost := talking(t)
	typing := func(content string) event.Event {
		return event.Event{Type: typeTyping, Room: "!room", Content: json.RawMessage(content)}
	}
	receipt := event.Event{Type: typeReceipt, Room: "!room", Content: json.RawMessage(
		`{"$1": {"m.read": {"@bob:localhost": {"ts": 1}}, "m.read.private": {}}, "$2": {"m.read": {"` + userID(ghost) + `": {}}}}`)}
	err := b.Transaction(t.Context(), &appservice.Transaction{Ephemeral: []event.Event{
		typing(`{"user_ids": ["@bob:localhost", "` + userID(ghost) + `"]}`), typing(`{"user_ids": []}`), typing(`[]`), receipt,
		{Type: "m.presence", Sender: "@bob:localhost", Content: json.RawMessage(`{}`)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, composing := range []bool{true, false} {
		if x := next(t, h.hints); x != (bridges.Typing{Chat: bridges.ChatID(bob), From: bob, Composing: composing}) {
			t.Errorf("%+v", x)
		}
	}
	if x := next(t, h.came); x != (bridges.Receipt{ID: "$1", Chat: bridges.ChatID(bob), State: bridges.Delivered}) {
		t.Errorf("%+v", x)
	}
	if x := next(t, h.came); x != (bridges.Displayed{Chat: bridges.ChatID(bob), From: bob, UpTo: "$1"}) || len(h.came)+len(h.hints) > 0 {
		t.Errorf("%+v, and %d more", x, len(h.came)+len(h.hints))
	}
}

// bare is a bridge with a chat of alice and bob in !room, and without a homeserver.
func bare(t testing.TB) *Bridge {
	ghost := someGhosts.of(alice)
	b := &Bridge{
		ghosts: someGhosts, book: newBook(new(bridgetest.Notes)), unread: newUnread(), host: newHost(ghost),
		metrics: newMetrics(prometheus.NewRegistry()), health: newHealth(), log: discard,
		anchors: newAnchors(), taken: cache.New[string, string](16),
	}
	b.joins, b.limit, b.guests = newJoins(b), newLimiter(), newGuests(someGhosts.server)
	b.leaves, b.secrets, b.answers = newErrands(b, leaveNotes, nil), newErrands(b, secretNotes, nil), newErrands(b, askNotes, nil)
	b.recalls = newErrands(b, recallNotes, nil)
	note(t, b, "!room", room{Ghost: ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	return b
}

// Whatever an event says, the text is one, and nothing panics.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{
		body("x"), `{}`, `{"msgtype": "m.location", "geo_uri": "geo:1,2"}`, `{"membership": "invite"}`, `{"user_ids": [1]}`, `[]`, `{"body": "\u0000"}`,
		`{"msgtype": "m.image", "body": "x", "url": "mxc://hs/a", "info": {"w": 1.5, "size": "x"}, "org.matrix.msc3245.voice": {}}`,
	} {
		f.Add(typeSticker, seed, false)
		f.Add(typeMessage, seed, false)
		f.Add(typeMember, seed, true)
		f.Add(typeTyping, seed, false)
	}
	f.Fuzz(func(t *testing.T, kind, content string, isState bool) {
		b := bare(t)
		h, ghost := b.host.(*host), b.ghosts.of(alice)
		e := text("!room", "$1", bob, content)
		e.Type = kind
		if isState {
			key := userID(ghost)
			e.StateKey = &key
		}
		if err := b.Transaction(t.Context(), &appservice.Transaction{Events: []event.Event{e}, Ephemeral: []event.Event{e}}); err != nil {
			t.Fatal(err)
		}
		for len(h.came) > 0 {
			if m, ok := (<-h.came).(bridges.Message); ok && (m.Text == "" && m.File == nil || !utf8.ValidString(m.Text)) {
				t.Errorf("%q became %q", content, m.Text)
			}
		}
	})
}
