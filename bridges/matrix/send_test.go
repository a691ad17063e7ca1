package matrix

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

const bob = bridges.UserID("bob:localhost")

// note writes what a bridge knows.
func note(t testing.TB, b *Bridge, id string, r room) {
	t.Helper()
	err := b.book.change(t.Context(), func(p *page) error {
		if err := p.setRoom(id, r); err != nil {
			return err
		}
		return p.settleOn(id, pair{r.Ghost, r.Person}, true)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The room is made for the first text, and known ever after.
func TestOneRoom(t *testing.T) {
	notes := new(bridgetest.Notes)
	f, b, s := onFake(t, notes)
	send(t, s, bob, "one")
	send(t, s, bob, "two")
	b.book = newBook(notes) // as after a start
	send(t, s, bob, "three")
	for which, want := range map[string]int{"POST /register": 1, "PUT /displayname": 1, "POST /createRoom": 1, "PUT /send/": 3} {
		if n := f.count(which); n != want {
			t.Errorf("%s: %d times, not %d", which, n, want)
		}
	}
}

// A room that was made by somebody who was killed is found again.
func TestOrphan(t *testing.T) {
	for _, c := range []struct {
		name, bobIs string
		others      string
		made, again int
	}{
		{name: "bob is invited", bobIs: "invite"},
		{name: "the invitation failed", again: 1},
		{name: "it is another room", others: "join", made: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			who := pair{s.ghost, bob}
			if err := b.book.change(t.Context(), func(p *page) error { return p.setChat(who, chat{Making: true}) }); err != nil {
				t.Fatal(err)
			}
			member := func(user, is string) string {
				return fmt.Sprintf(`{"type": "m.room.member", "event_id": "$1", "room_id": "!orphan", "sender": %q, "state_key": %[1]q, "content": {"membership": %q}}`, user, is)
			}
			all := []string{member(userID(s.ghost), "join")}
			if c.bobIs != "" {
				all = append(all, member("@bob:localhost", c.bobIs))
			}
			if c.others != "" {
				all = append(all, member("@carol:localhost", c.others))
			}
			f.say("GET /joined_rooms", answer{200, `{"joined_rooms": ["!orphan"]}`})
			f.say("GET /members", answer{200, `{"chunk": [` + strings.Join(all, ",") + `]}`})
			send(t, s, bob, "one")
			if n := f.count("POST /createRoom"); n != c.made {
				t.Errorf("%d rooms are made", n)
			}
			if n := f.count("PUT /state/m.room.member/"); n != c.again {
				t.Errorf("bob is invited %d times", n)
			}
		})
	}
}

// What the homeserver refuses becomes words, and the right kind.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, which string
		says        []answer
		kind        bridges.Kind
		words       string
	}{
		{"nobody", "GET /profile/", []answer{refused(404, "M_NOT_FOUND")}, bridges.NotFound, "no such person"},
		{"forbidden", "POST /createRoom", []answer{refused(403, "M_FORBIDDEN")}, bridges.Forbidden, "does not let you"},
		{"mute in every room", "PUT /send/", []answer{refused(403, "M_FORBIDDEN")}, bridges.Forbidden, "does not let you"},
		{"a limit", "POST /createRoom", []answer{refused(429, "M_LIMIT_EXCEEDED")}, bridges.Temporary, "now"},
		{"too large", "PUT /send/", []answer{refused(413, "M_TOO_LARGE")}, bridges.TooLong, "too long"},
		{"a wrong token", "POST /register", []answer{refused(401, "M_UNKNOWN_TOKEN")}, bridges.Temporary, "now"},
		{"an old homeserver", "POST /createRoom", []answer{refused(404, "M_UNRECOGNIZED")}, bridges.Internal, "operator"},
		{"no answer before", "POST /createRoom", []answer{{}}, bridges.Temporary, "now"},
		{"no answer", "PUT /send/", []answer{{}}, bridges.Unknown, "now"},
		{"a broken server", "PUT /send/", []answer{{502, "<html>"}}, bridges.Unknown, "now"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, b, s := onFake(t, nil)
			f.say(c.which, c.says...)
			_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"})
			var e *bridges.Error
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Text, c.words) {
				t.Fatalf("%v", err)
			}
			if strings.Contains(err.Error(), string(b.registration.ASToken)) {
				t.Errorf("a secret is in the error: %v", err)
			}
			if c.name == "a limit" && e.After.Hours() != 1 {
				t.Errorf("the pause is %v", e.After)
			}
		})
	}
}

// Rooms in which nothing is to be said.
func TestRooms(t *testing.T) {
	for _, c := range []struct {
		name string
		room room
		kind bridges.Kind // 0: it is sent
		made int          // rooms
		back int          // invitations
		shut bool         // they are refused
	}{
		{name: "both are there", room: room{GhostIs: joined, PersonIs: joined}},
		{name: "bob has not come yet", room: room{GhostIs: joined, PersonIs: invited}},
		{name: "bob has left", room: room{GhostIs: joined, PersonIs: left}, back: 1},
		{name: "bob has left where we may not invite", room: room{GhostIs: joined, PersonIs: left}, shut: true, back: 1, made: 1},
		{name: "bob is banned", room: room{GhostIs: joined, PersonIs: "ban"}, shut: true, back: 1, made: 1},
		{name: "the ghost is banned", room: room{GhostIs: "ban", PersonIs: joined}, made: 1},
		{name: "the ghost was thrown out", room: room{GhostIs: left, PersonIs: joined}, made: 1},
		{name: "encrypted", room: room{GhostIs: joined, PersonIs: joined, Encrypted: true}, made: 1},
		{name: "the ghost is about to join", room: room{GhostIs: invited, PersonIs: joined, Invite: "$1"}, kind: bridges.Temporary},
		{name: "the ghost reads what was said before", room: room{GhostIs: joined, PersonIs: joined, Invite: "$1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			c.room.Ghost, c.room.Person = s.ghost, bob
			note(t, b, "!room", c.room)
			if c.shut {
				f.say("PUT /state/", refused(403, "M_FORBIDDEN"))
			}
			_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"})
			if (err != nil) != (c.kind != 0) || err != nil && bridges.KindOf(err) != c.kind {
				t.Errorf("%v", err)
			}
			if n := f.count("PUT /send/"); (n == 0) != (c.kind != 0) {
				t.Errorf("%d texts are sent", n)
			}
			if made, back := f.count("POST /createRoom"), f.count("PUT /state/m.room.member/"); made != c.made || back != c.back {
				t.Errorf("%d rooms are made, bob is invited %d times", made, back)
			}
		})
	}
}

// A text that nobody has confirmed is looked for before it is sent again, since a
// homeserver that was started again has forgotten transactions.
func TestUnknownOutcome(t *testing.T) {
	f, b, s := onFake(t, nil)
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	f.say("PUT /send/", answer{})
	m := bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"}
	if _, err := s.Send(t.Context(), m); bridges.KindOf(err) != bridges.Unknown {
		t.Fatal(err)
	}
	sent := f.count("PUT /send/")
	f.say("GET /messages", answer{200, fmt.Sprintf(
		`{"chunk": [{"type": "m.room.message", "event_id": "$there", "room_id": "!room", "sender": %q, "content": {"msgtype": "m.text", "body": "x", "org.causeway.key": %q}}]}`,
		userID(s.ghost), transaction(s.ghost, "k"))})
	ids, err := s.Send(t.Context(), m)
	if err != nil || len(ids) != 1 || ids[0] != "$there" {
		t.Errorf("%v, %v", ids, err)
	}
	if n := f.count("PUT /send/"); n != sent {
		t.Error("it is sent again")
	}
}

// Nothing is asked that the notes cannot tell, when they cannot be written.
func TestNotesFail(t *testing.T) {
	notes := new(bridgetest.Notes)
	f, _, s := onFake(t, notes)
	notes.Fail(errors.New("the disk is full"))
	_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"})
	if bridges.KindOf(err) != bridges.Temporary || f.count("POST /createRoom") != 0 {
		t.Errorf("%v, %d rooms", err, f.count("POST /createRoom"))
	}
	notes.Fail(nil)
	send(t, s, bob, "x")
}

// Two ghosts never use one transaction id (facts/matrix-discord.md 2.3).
func TestTransactions(t *testing.T) {
	seen := map[string]bool{}
	for _, ghost := range []bridges.UserID{"a:hs", "b:hs", "a"} {
		for _, key := range []string{"1", "2", "", ":hs1"} {
			txn := transaction(ghost, key)
			if seen[txn] || txn != transaction(ghost, key) {
				t.Errorf("%s and %q give %s", ghost, key, txn)
			}
			seen[txn] = true
		}
	}
}
