package matrix

import (
	"slices"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/client"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const carol = bridges.UserID("carol:localhost")

// left returns the rooms that ghosts left, in order.
func (f *fake) left() (rooms []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.asked {
		if rest, ok := strings.CutPrefix(r, "POST /_matrix/client/v3/rooms/"); ok && strings.HasSuffix(rest, "/leave") {
			rooms = append(rooms, strings.Trim(strings.TrimSuffix(rest, "/leave"), "!%21"))
		}
	}
	return rooms
}

// chatting is a bridge whose ghost talks to bob in two rooms and to carol in one, and
// is in a fourth that nobody knows.
func chatting(t *testing.T, notes *bridgetest.Notes) (*fake, *Bridge, *session, bridges.Account) {
	t.Helper()
	f, b, s := onFake(t, notes)
	me := bridges.Account{ID: alice, Self: s.ghost}
	if err := b.Introduce(t.Context(), me, bridges.Profile{Name: "Ally", Picture: []byte("one")}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"!old", "!bob", "!carol"} { // with bob the newest one is the chat
		person := bob
		if id == "!carol" {
			person = carol
		}
		note(t, b, id, room{Ghost: s.ghost, Person: person, GhostIs: joined, PersonIs: joined})
	}
	f.say("GET /joined_rooms", answer{200, `{"joined_rooms": ["!old", "!bob", "!carol", "!unknown"]}`})
	return f, b, s, me
}

// depart does all departures that are due, and tells whether one is left.
func depart(t *testing.T, b *Bridge) bool {
	t.Helper()
	again, err := doAll(t, b.leaves)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// The ghost leaves every room with the person, and no other; that goes on after a
// start, and a text begins anew.
func TestLeave(t *testing.T) {
	notes := new(bridgetest.Notes)
	f, b, s, me := chatting(t, notes)
	f.say("POST /leave", refused(502, "M_UNKNOWN"))
	if err := b.Leave(t.Context(), me, bob); err != nil {
		t.Fatal(err)
	}
	if n := len(f.left()); n > 0 || !depart(t, b) {
		t.Errorf("%d rooms are left before it is due, or what failed is done", n)
	}
	f.say("POST /leave", answer{200, `{}`})
	b.book = newBook(notes)
	b.leaves = newErrands(b, leaveNotes, b.depart) // as after a start
	was := len(f.left())
	if depart(t, b) {
		t.Error("something is left to do")
	}
	rooms := f.left()[was:]
	if slices.Sort(rooms); !slices.Equal(rooms, []string{"bob", "old"}) {
		t.Errorf("rooms %q are left", rooms)
	}
	if _, err := b.book.look(t.Context()).room("!old"); err != nil {
		t.Error(err)
	}
	if send(t, s, bob, "again"); f.count("POST /createRoom") != 1 {
		t.Error("the text goes to a room that is left")
	}
	send(t, s, carol, "still here")
	f.say("GET /joined_rooms", answer{200, `{"joined_rooms": ["!new", "!carol"]}`})
	if depart(t, b); len(f.left()) != was+2 {
		t.Error("the new room is left, too")
	}
}

// Who writes before the ghost is gone begins anew: that room stays.
func TestLeaveAndGoOn(t *testing.T) {
	f, b, _, me := chatting(t, new(bridgetest.Notes))
	if err := b.Leave(t.Context(), me, bob); err != nil {
		t.Fatal(err)
	}
	if err := push(t, b, text("!old", "$1", bob, body("wait"))); err != nil {
		t.Fatal(err)
	}
	if depart(t, b); !slices.Equal(f.left(), []string{"bob"}) {
		t.Errorf("rooms %q are left", f.left())
	}
}

// At the end of an account the ghost leaves all rooms, and is bare again. That waits
// for the end; who registers again has the same ghost.
func TestEnd(t *testing.T) {
	f, b, s, me := chatting(t, new(bridgetest.Notes))
	if err := b.typists.start(t.Context(), pair{s.ghost, bob}, "!bob"); err != nil {
		t.Fatal(err)
	}
	if err := b.End(t.Context(), me); err != nil {
		t.Fatal(err)
	}
	if !depart(t, b) || len(f.left()) > 0 {
		t.Error("the account is still there")
	}
	if len(b.typists.all()) > 0 {
		t.Error("it types")
	}
	b.host.(*host).register(s.ghost, false)
	b.leaves = newErrands(b, leaveNotes, b.depart)
	if depart(t, b) {
		t.Error("something is left to do")
	}
	if rooms := f.left(); !slices.Equal(rooms, []string{"old", "bob", "carol", "unknown"}) {
		t.Errorf("rooms %q are left", rooms)
	}
	for request, want := range map[string]int{"PUT /displayname": 2, "PUT /avatar_url": 2} {
		if n := f.count(request); n != want {
			t.Errorf("%s: %d times", request, n)
		}
	}
	if n := len(b.book.index.ghosts(bob)); n > 0 {
		t.Error("a chat is noted")
	}
	b.host.(*host).register(s.ghost, true)
	if send(t, s, bob, "again"); f.count("POST /register") != 2 {
		t.Error("the ghost is not made again")
	}
}

// Who registered again in the meantime keeps the chats that began since.
func TestEndAndRegisterAgain(t *testing.T) {
	f, b, s, me := chatting(t, new(bridgetest.Notes))
	if err := b.End(t.Context(), me); err != nil {
		t.Fatal(err)
	}
	send(t, s, carol, "new")
	f.say("GET /joined_rooms", answer{200, `{"joined_rooms": ["!old", "!bob", "!carol", "!new"]}`})
	err := b.book.change(t.Context(), func(p *page) error {
		return p.set(leaveKey(pair{ghost: s.ghost}), leaving{time.Now().Add(-settleTime)})
	})
	if err != nil {
		t.Fatal(err)
	}
	if depart(t, b) {
		t.Error("something is left to do")
	}
	if rooms := f.left(); !slices.Equal(rooms, []string{"old", "bob", "carol"}) {
		t.Errorf("rooms %q are left", rooms)
	}
	if f.count("PUT /displayname") != 1 {
		t.Error("it is not called as before")
	}
}

// The person sees the ghost go, and why; who invites it again is heard.
func TestRealLeave(t *testing.T) {
	r := onSynapse(t)
	me, ghost := bridges.Account{ID: alice, Self: r.s.ghost}, userID(r.s.ghost)
	if err := r.b.Introduce(t.Context(), me, bridges.Profile{Name: "Ally"}); err != nil {
		t.Fatal(err)
	}
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	goes := func(room, why string) {
		t.Helper()
		e := bob.Wait("the ghost to go", func(e peer.MatrixEvent) bool {
			return e.User == ghost && e.Membership == "leave" && e.Room == room
		})
		if !strings.Contains(string(e.Content), why) {
			t.Errorf("the ghost says %s", e.Content)
		}
	}
	send(t, r.s, "bob:localhost", "one")
	first := joinsRoom(bob, bob.UserID)
	if err := r.b.Leave(t.Context(), me, "bob:localhost"); err != nil {
		t.Fatal(err)
	}
	goes(first, leaveRemoved)
	bob.Do(map[string]any{"do": "invite", "room": first, "user": ghost})
	bob.Wait("the ghost", func(e peer.MatrixEvent) bool { return e.User == ghost && e.Membership == "join" && e.Room == first })
	bob.Send(first, "back")
	r.wantText(t, "bob:localhost", "back")
	if send(t, r.s, "bob:localhost", "two"); bob.Wait("two", isText("two")).Room != first {
		t.Error("the answer is in another room")
	}

	r.register(r.s.ghost, false) // 0100.15
	if err := r.b.End(t.Context(), me); err != nil {
		t.Fatal(err)
	}
	goes(first, leaveEnded)
	r.forgotten(t, ghostNotes+string(r.s.ghost))
	p, err := r.b.server.As("").Profile(t.Context(), ghost)
	if err != nil || p != (client.Profile{Name: "alice (XMPP)"}) {
		t.Errorf("the ghost is %+v, %v", p, err)
	}
	bob.Do(map[string]any{"do": "invite", "room": first, "user": ghost})
	goes(first, declineNobody)
	r.register(r.s.ghost, true)
	if send(t, r.s, "bob:localhost", "three"); bob.Wait("three", isText("three")).Sender != ghost {
		t.Error("it is another ghost")
	}
}

// forgotten waits until there is no such note.
func (r *real) forgotten(t *testing.T, key string) {
	t.Helper()
	for range 1200 {
		if _, there, err := r.notes.Note(t.Context(), key); err != nil {
			t.Fatal(err)
		} else if !there {
			return
		}
		wait(t)
	}
	t.Fatalf("%q is still there", key)
}
