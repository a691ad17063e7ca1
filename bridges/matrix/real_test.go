package matrix

import (
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

// real is a bridge that runs on a real homeserver, with the account alice.
type real struct {
	*lab.Matrix
	*host
	b     *Bridge
	s     *session
	cfg   Config
	notes *bridgetest.Notes
	stop  func()
}

func onSynapse(t *testing.T) *real {
	t.Helper()
	free, err := peer.Ports(2)
	if err != nil {
		t.Fatal(err)
	}
	r := &real{cfg: setting(t, "http://"+peer.Local(free[0]), peer.Local(free[1])), notes: new(bridgetest.Notes)}
	r.Matrix = lab.Synapse(t, peer.SynapseOptions{Registrations: []string{r.cfg.Appservice.Registration}, Port: free[0]})
	r.start(t)
	return r
}

// start runs a bridge with the notes of the one before.
func (r *real) start(t *testing.T) {
	t.Helper()
	r.b = newBridge(t, r.cfg, r.notes)
	if r.host == nil {
		r.host = newHost(r.b.ghosts.of(alice))
	}
	r.stop = run(t, r.b, r.host)
	r.s = open(t, r.b)
}

// joins waits until a client is in a room.
func joinsRoom(c *lab.MatrixClient, user string) string {
	return c.Wait("the join of "+user, func(e peer.MatrixEvent) bool {
		return e.Event == "member" && e.User == user && e.Membership == "join"
	}).Room
}

// Both sides begin a chat, and talk in both directions.
func TestRealChat(t *testing.T) {
	r := onSynapse(t)
	ghost := userID(r.b.ghosts.of(alice))
	bob, carol := lab.Nio(t, r.Matrix, "bob", "autojoin"), lab.Nio(t, r.Matrix, "carol")

	send(t, r.s, "bob:localhost", "hello") // XMPP begins: a room with an invitation
	invited := bob.Wait("an invitation", func(e peer.MatrixEvent) bool { return e.Event == "member" && e.User == bob.UserID })
	if invited.Sender != ghost || !invited.IsDirect {
		t.Errorf("the invitation is %+v", invited)
	}
	room := invited.Room
	joinsRoom(bob, bob.UserID)
	send(t, r.s, "bob:localhost", "/me waves")
	e := bob.Wait("a message", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == "waves" })
	if e.Room != room || e.Sender != ghost || !strings.Contains(string(e.Content), "m.emote") {
		t.Errorf("bob got %+v", e)
	}
	bob.Send(room, "answer")
	r.wantText(t, "bob:localhost", "answer")

	room = carol.CreateDM(ghost) // Matrix begins, and speaks before the ghost is there
	carol.Send(room, "one")
	carol.Send(room, "two")
	r.wantText(t, "carol:localhost", "one")
	r.wantText(t, "carol:localhost", "two")
	carol.Send(room, "three")
	r.wantText(t, "carol:localhost", "three")
	send(t, r.s, "carol:localhost", "back")
	carol.WaitMessage(room, "back")

	lab.Nio(t, r.Matrix, "dora").CreateDM(ghost) // and says nothing
	for asked := bridges.Event(nil); asked != (bridges.ContactRequest{Person: "dora:localhost"}); asked = next(t, r.came) {
	}
}

// Typing and read marks pass both ways.
func TestRealSigns(t *testing.T) {
	r := onSynapse(t)
	ghost := userID(r.b.ghosts.of(alice))
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	own := send(t, r.s, "bob:localhost", "hello")
	room := joinsRoom(bob, bob.UserID)
	var again bridges.MessageID
	for _, text := range []string{"hi", "there", "again"} { // Synapse drops typing until it knows that we take all
		bob.Send(room, text)
		again = r.wantText(t, "bob:localhost", text).ID
	}

	bob.Do(map[string]any{"do": "typing", "room": room, "on": true})
	for {
		if x, ok := next(t, r.hints).(bridges.Typing); ok && x == (bridges.Typing{Chat: "bob:localhost", From: "bob:localhost", Composing: true}) {
			break
		}
	}
	reads := func(event, text string) {
		t.Helper()
		bob.Do(map[string]any{"do": "read", "room": room, "id": event})
		if x := next(t, r.came); x != (bridges.Receipt{ID: bridges.MessageID(text), Chat: "bob:localhost", State: bridges.Delivered}) {
			t.Errorf("0184.1: %+v came", x)
		}
		if x := next(t, r.came); x != (bridges.Displayed{Chat: "bob:localhost", From: "bob:localhost", UpTo: bridges.MessageID(text)}) {
			t.Errorf("%+v came", x)
		}
	}
	reads(own, own)
	own = send(t, r.s, "bob:localhost", "more")
	if err := r.s.React(t.Context(), bridges.Reaction{Chat: "bob:localhost", From: r.s.ghost, Key: "reacts", Of: again, Emojis: []string{"👍"}}); err != nil {
		t.Error(err)
	}
	reacted := bob.Wait("a reaction", func(e peer.MatrixEvent) bool { return e.Type == typeReaction && e.Sender == ghost })
	reads(reacted.ID, own)
	own = send(t, r.s, "bob:localhost", "question?")
	said := bob.Send(room, "question")
	r.wantText(t, "bob:localhost", "question")
	reads(said, own)
	if err := r.s.Typing(t.Context(), "bob:localhost", true); err != nil {
		t.Error(err)
	}
	bob.Wait("typing", func(e peer.MatrixEvent) bool { return e.Event == "typing" && slices.Contains(e.Users, ghost) })
	if err := r.s.Displayed(t.Context(), "bob:localhost", bridges.MessageID(said)); err != nil {
		t.Error(err)
	}
	bob.Wait("a receipt", func(e peer.MatrixEvent) bool { return e.Event == "receipt" && e.User == ghost && e.ID == said })
	send(t, r.s, "bob:localhost", "answer")
	bob.Wait("the end of typing", func(e peer.MatrixEvent) bool { return e.Event == "typing" && !slices.Contains(e.Users, ghost) })
}

// Who has left is invited again; two rooms settle on the one in which was spoken
// last; a room that the ghost was thrown out of is followed by another.
func TestRealRooms(t *testing.T) {
	r := onSynapse(t)
	ghost := userID(r.b.ghosts.of(alice))
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	send(t, r.s, "bob:localhost", "one")
	first := joinsRoom(bob, bob.UserID)

	bob.Send(first, "bye")
	bye := r.wantText(t, "bob:localhost", "bye")
	bob.Do(map[string]any{"do": "leave", "room": first})
	r.known(t, first, func(x room) bool { return x.PersonIs == left })
	send(t, r.s, "bob:localhost", "two")
	if again := joinsRoom(bob, bob.UserID); again != first {
		t.Errorf("bob is invited to %s, not again to %s", again, first)
	}
	second := bob.CreateDM(ghost)
	bob.Send(second, "here")
	r.wantText(t, "bob:localhost", "here")
	if send(t, r.s, "bob:localhost", "three"); bob.Wait("three", isText("three")).Room != second {
		t.Error("the answer is in another room")
	}
	if err := r.s.Displayed(t.Context(), "bob:localhost", bye.ID); err != nil {
		t.Error(err)
	}
	read := func(e peer.MatrixEvent) bool {
		return e.Event == "receipt" && e.User == ghost && e.ID == string(bye.ID)
	}
	if e := bob.Wait("a receipt", read); e.Room != first {
		t.Errorf("the read mark is in %s", e.Room)
	}
	bob.Send(first, "there")
	r.wantText(t, "bob:localhost", "there")
	if send(t, r.s, "bob:localhost", "four"); bob.Wait("four", isText("four")).Room != first {
		t.Error("the answer is in another room")
	}
	bob.Do(map[string]any{"do": "send_raw", "room": first, "type": typeEncrypted, "content": map[string]any{"algorithm": "x"}})
	r.wantText(t, "bob:localhost", locked)
}

func isText(body string) func(peer.MatrixEvent) bool {
	return func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Body == body }
}

// known waits until the bridge knows something of a room.
func (r *real) known(t *testing.T, id string, fits func(room) bool) {
	t.Helper()
	for range 1200 {
		x, err := r.b.book.look(t.Context()).room(id)
		if err != nil {
			t.Fatal(err)
		}
		if fits(x) {
			return
		}
		wait(t)
	}
	t.Fatalf("the bridge does not know of %s", id)
}

// Nobody is there: words, and no room.
func TestRealRefusals(t *testing.T) {
	r := onSynapse(t)
	bob := lab.Nio(t, r.Matrix, "bob")
	for to, want := range map[bridges.ChatID]bridges.Kind{
		"nobody:localhost": bridges.NotFound, "Bob:localhost": bridges.NotFound, "#room:localhost": bridges.Unsupported,
		"bob:elsewhere.example": bridges.Forbidden, // this homeserver talks to no other
	} {
		_, err := r.s.Send(t.Context(), bridges.Message{Chat: to, From: r.s.ghost, Key: "k", Text: "x"})
		if bridges.KindOf(err) != want {
			t.Errorf("%s: %v", to, err)
		}
	}
	long := bridges.AccountID(strings.Repeat("l", 300) + "@example.org")
	if err := r.b.appear(t.Context(), r.b.ghosts.of(long), long); err != nil {
		t.Errorf("a ghost with a long name: %v", err)
	}
	const nobody = "@_xmpp_nobody=40example.org:localhost"
	bob.CreateDM(nobody)
	e := bob.Wait("a refusal", func(e peer.MatrixEvent) bool { return e.User == nobody && e.Membership == "leave" })
	if !strings.Contains(string(e.Content), declineNobody) {
		t.Errorf("the refusal is %s", e.Content)
	}
	if err := newBridge(t, r.cfg, nil).Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
	wrong := r.cfg
	wrong.Homeserver.Name = "elsewhere"
	if err := newBridge(t, wrong, nil).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "homeserver.name") {
		t.Errorf("check: %v", err)
	}
	other := setting(t, r.cfg.Homeserver.URL, "127.0.0.1:0")
	if err := newBridge(t, other, nil).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "as_token") {
		t.Errorf("check: %v", err)
	}
}
