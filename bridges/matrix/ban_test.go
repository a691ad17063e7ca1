package matrix

import (
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// Who has banned the ghost is not invited again, in words, also after a start, until the
// ban is lifted or the person invites; whoever only threw it out is.
func TestBan(t *testing.T) {
	for name, c := range map[string]struct {
		by    bridges.UserID
		then  func(b *Bridge, ghost bridges.UserID) error
		error bool
	}{
		"banned": {bob, nil, true},
		"lifted": {bob, func(b *Bridge, ghost bridges.UserID) error {
			return push(t, b, memberIs("!room", "$2", ghost, bob, left))
		}, false},
		"thrown out elsewhere": {bob, func(b *Bridge, ghost bridges.UserID) error {
			return push(t, b, memberIs("!other", "$2", ghost, bob, left))
		}, true},
		"invited elsewhere": {bob, func(b *Bridge, ghost bridges.UserID) error {
			return push(t, b, memberIs("!other", "$2", ghost, bob, invited), memberIs("!other", "$3", ghost, ghost, left))
		}, false},
		"by somebody else": {carol, nil, false},
		"asked for at the bot": {bob, func(b *Bridge, _ bridges.UserID) error {
			_, err := b.introduceTo(t.Context(), bob, string(alice))
			return err
		}, false},
		"contact and account end": {bob, func(b *Bridge, ghost bridges.UserID) error {
			me := bridges.Account{ID: alice, Self: ghost}
			if err := b.Leave(t.Context(), me, bob); err != nil {
				return err
			}
			return b.End(t.Context(), me)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			notes := new(bridgetest.Notes)
			f, b, s := onFake(t, notes)
			b.cfg.Chat.Allow = []string{"localhost"}
			if err := b.appear(t.Context(), s.ghost, alice); err != nil {
				t.Fatal(err)
			}
			note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
			for range 2 {
				if err := push(t, b, memberIs("!room", "$1", s.ghost, c.by, banned)); err != nil {
					t.Fatal(err)
				}
			}
			b.book = newBook(notes)
			if c.then != nil {
				if err := c.then(b, s.ghost); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"})
			if c.error && (err == nil || bridges.KindOf(err) != bridges.Forbidden || err.Error() == "" || f.count("POST /createRoom") > 0) {
				t.Errorf("%v, %d rooms", err, f.count("POST /createRoom"))
			}
			if !c.error && (err != nil || f.count("POST /createRoom") != 1) {
				t.Errorf("%v, %d rooms", err, f.count("POST /createRoom"))
			}
		})
	}
}

// A ban of which the event is still to come is seen when the ghost may not speak; nobody
// is invited back either.
func TestBanUnheard(t *testing.T) {
	for name, c := range map[string]struct {
		state string
		want  bridges.Kind
		rooms int
	}{
		"banned":                   {`{"type": "m.room.member", "state_key": "x", "event_id": "$e", "room_id": "!room", "sender": "@bob:localhost", "content": {"membership": "ban"}}`, bridges.Forbidden, 0},
		"the homeserver says less": {`{"membership": "ban"}`, bridges.Forbidden, 0},
		"by somebody else":         {`{"type": "m.room.member", "state_key": "x", "event_id": "$e", "room_id": "!room", "sender": "@carol:localhost", "content": {"membership": "ban"}}`, 0, 1},
		"thrown out":               {`{"membership": "leave"}`, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f, b, s := onFake(t, nil)
			if err := b.appear(t.Context(), s.ghost, alice); err != nil {
				t.Fatal(err)
			}
			note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
			f.say("GET /state/m.room.member", answer{200, c.state})
			f.say("PUT /rooms/%21room/send/", refused(403, "M_FORBIDDEN"))
			_, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(bob), From: s.ghost, Key: "k", Text: "x"})
			if (err != nil) != (c.want != 0) || err != nil && bridges.KindOf(err) != c.want || f.count("POST /createRoom") != c.rooms {
				t.Errorf("%v, %d rooms", err, f.count("POST /createRoom"))
			}
			if c.want == 0 {
				return
			}
			note(t, b, "!old", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: left})
			if !b.callBack(t.Context(), recallNotes+"!old") || f.count("PUT /state/m.room.member/") > 0 {
				t.Error("bob is invited back")
			}
		})
	}
}
