package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/event"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// present says how much alice is there.
func present(t *testing.T, b *Bridge, show bridges.Show, status string) {
	t.Helper()
	if err := b.Present(t.Context(), bridges.Account{ID: alice, Self: b.ghosts.of(alice)}, show, status); err != nil {
		t.Error(err)
	}
}

// Who is there is told again, and who is gone is not.
func TestPresent(t *testing.T) {
	f, b, _ := onFake(t, nil)
	told := func(what string, want int) {
		t.Helper()
		if n := f.count("PUT /presence/"); n != want {
			t.Errorf("%s: told %d times, not %d", what, n, want)
		}
	}
	present(t, b, bridges.Unavailable, "")
	told("a ghost that nobody knows is not made to be gone", 0)
	present(t, b, bridges.Available, "hi")
	told("there", 1)
	b.presents.again(t.Context())
	told("renewed", 2)
	b.health.down(errors.New("away"))
	present(t, b, bridges.Away, "")
	told("while the homeserver is away", 2)
	b.health.up()
	b.presents.again(t.Context())
	told("when it is back", 3)
	present(t, b, bridges.Unavailable, "")
	told("gone", 4)
	b.presents.again(t.Context())
	told("not renewed", 4)
	for i := range presenceLimit + 10 {
		b.presents.note(bridges.UserID(fmt.Sprint(i)), standing{"online", ""})
	}
	if n := len(b.presents.all()); n != presenceLimit {
		t.Errorf("%d are renewed", n)
	}
}

// A homeserver that takes no presence of several ghosts is told nothing more for a while;
// one ghost alone that it does not know changes nothing for the others.
func TestPresentRefused(t *testing.T) {
	f, b, _ := onFake(t, nil)
	tells := func(what string, ghost, want int, says answer) {
		t.Helper()
		f.say("PUT /presence/", says)
		before := f.count("PUT /presence/")
		account := bridges.AccountID(fmt.Sprintf("user%d@example.org", ghost))
		if err := b.Present(t.Context(), bridges.Account{ID: account, Self: b.ghosts.of(account)}, bridges.Available, ""); err != nil {
			t.Error(err)
		}
		if n := f.count("PUT /presence/") - before; n != want {
			t.Errorf("%s: told %d times", what, n)
		}
	}
	no, yes := refused(403, "M_FORBIDDEN"), answer{200, `{}`}
	for range 2 * presenceRefused {
		tells("one ghost alone", 0, 1, no)
	}
	tells("a second one", 1, 1, no)
	tells("one that is taken", 2, 1, yes)
	for ghost := range presenceRefused {
		tells("in a row", ghost, 1, no)
	}
	tells("it takes none", 9, 0, yes)
	if !b.presents.deaf() || len(b.presents.all()) > 0 {
		t.Error("it is told more")
	}
	b.presents.off = b.presents.off.Add(-presencePause)
	tells("after a while", 9, 1, yes)
}

// A person's presence is told to whoever has a chat with it, also after a start.
func TestPresenceOfPerson(t *testing.T) {
	notes := new(bridgetest.Notes)
	_, b, s := onFake(t, notes)
	h := b.host.(*host)
	tell := func(sender, content string) {
		t.Helper()
		err := b.Transaction(t.Context(), &appservice.Transaction{ID: content, Ephemeral: []event.Event{
			{Type: typePresence, Sender: sender, Content: json.RawMessage(content)},
		}})
		if err != nil {
			t.Error(err)
		}
	}
	want := func(what string, all ...bridges.Event) {
		t.Helper()
		var got []bridges.Event
		for len(h.hints) > 0 {
			got = append(got, <-h.hints)
		}
		if !slices.Equal(got, all) {
			t.Errorf("%s: %+v, not %+v", what, got, all)
		}
	}
	tell("@bob:localhost", `{"presence": "online"}`)
	want("no chat")
	note(t, b, "!a", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	b.book = newBook(notes)
	if err := b.book.loadIndex(t.Context()); err != nil {
		t.Fatal(err)
	}
	tell("@bob:localhost", `{"presence": "unavailable", "status_msg": "at lunch"}`)
	want("after a start", bridges.Presence{Person: bob, Show: bridges.Away, Status: "at lunch"})
	for content, show := range map[string]bridges.Show{
		`{"presence": "online", "currently_active": true}`: bridges.Available,
		`{"presence": "offline", "last_active_ago": 1}`:    bridges.Unavailable,
		`{"presence": "busy"}`:                             bridges.Busy,
	} {
		tell("@bob:localhost", content)
		want(content, bridges.Presence{Person: bob, Show: show})
	}
	for _, content := range []string{`{}`, `{"presence": "asleep"}`, `{"presence": 7}`, `[]`} {
		tell("@bob:localhost", content)
	}
	tell(userID(s.ghost), `{"presence": "online"}`)
	tell("@carol:localhost", `{"presence": "online"}`)
	h.register(s.ghost, false)
	tell("@bob:localhost", `{"presence": "online"}`)
	want("what is malformed, our own, of strangers, and for nobody")
	if err := b.book.change(t.Context(), func(p *page) error { return p.unsettle("!a", pair{s.ghost, bob}) }); err != nil {
		t.Fatal(err)
	}
	if all := b.book.index.ghosts(bob); all != nil || b.book.index.size != 0 {
		t.Errorf("%q have a chat with bob", all)
	}
}

// Presence passes both ways.
func TestRealPresence(t *testing.T) {
	r := onSynapse(t)
	bob, ghost := lab.Nio(t, r.Matrix, "bob", "autojoin"), userID(r.s.ghost)
	send(t, r.s, "bob:localhost", "hello")
	room := joinsRoom(bob, bob.UserID)
	bob.Send(room, "answer")
	r.wantText(t, "bob:localhost", "answer")
	sees := func(presence, status string) {
		t.Helper()
		bob.Wait("the presence of alice", func(e peer.MatrixEvent) bool {
			return e.Event == "presence" && e.User == ghost && e.Type == presence && e.Body == status
		})
	}
	present(t, r.b, bridges.Available, "hi")
	sees("online", "hi")
	r.b.presents.again(t.Context())
	present(t, r.b, bridges.Away, "")
	sees("unavailable", "")
	present(t, r.b, bridges.Unavailable, "")
	sees("offline", "")

	bob.Do(map[string]any{"do": "presence", "is": "unavailable", "status": "at lunch"})
	for {
		if x, ok := next(t, r.hints).(bridges.Presence); ok && x == (bridges.Presence{Person: "bob:localhost", Show: bridges.Away, Status: "at lunch"}) {
			break
		}
	}
}

// Only who has a room with the person asks; nothing is made of what the homeserver does not
// know, or does not tell.
func TestProbe(t *testing.T) {
	f, b, s := onFake(t, nil)
	me := bridges.Account{ID: alice, Self: s.ghost}
	by := ""
	f.before = func(r *http.Request) { by = r.URL.Query().Get("user_id") }
	const path = "GET /_matrix/client/v3/presence/@bob:localhost/status"
	note(t, b, "!bot", room{Ghost: b.ghosts.bot, Person: bob, GhostIs: joined, PersonIs: joined})
	if got, err := b.Probe(t.Context(), me, bob); got != (bridges.Presence{}) || err != nil || len(f.asked) > 0 {
		t.Errorf("without a chat: %+v, %v; asked %q", got, err, f.asked)
	}
	note(t, b, "!room", room{Ghost: s.ghost, Person: bob, GhostIs: joined, PersonIs: joined})
	for _, x := range []struct {
		says answer
		want bridges.Presence
		kind bridges.Kind
	}{
		{answer{200, `{"presence": "online", "currently_active": true}`}, bridges.Presence{Person: bob, Show: bridges.Available}, 0},
		{answer{200, `{"presence": "unavailable", "status_msg": "at lunch", "last_active_ago": 7}`}, bridges.Presence{Person: bob, Show: bridges.Away, Status: "at lunch"}, 0},
		{answer{200, `{"presence": "offline", "last_active_ago": 7}`}, bridges.Presence{Person: bob, Show: bridges.Unavailable}, 0},
		{answer{200, `{"presence": "offline"}`}, bridges.Presence{}, 0},
		{answer{200, `{"presence": "asleep"}`}, bridges.Presence{Person: bob}, 0},
		{answer{200, `{"presence": 7, "status_msg": []}`}, bridges.Presence{Person: bob}, 0},
		{refused(403, "M_FORBIDDEN"), bridges.Presence{}, 0},
		{refused(404, "M_UNRECOGNIZED"), bridges.Presence{}, 0},
		{refused(502, "M_UNKNOWN"), bridges.Presence{}, bridges.Temporary},
	} {
		f.say("GET /presence/", x.says)
		got, err := b.Probe(t.Context(), me, bob)
		if got != x.want || (err != nil || x.kind != 0) && bridges.KindOf(err) != x.kind {
			t.Errorf("%s: %+v, %v", x.says.body, got, err)
		}
	}
	if f.count(path) == 0 || by != userID(s.ghost) {
		t.Errorf("%q asks %q", by, f.asked)
	}
	was := len(f.asked)
	if _, err := b.Probe(t.Context(), me, "nobody"); bridges.KindOf(err) != bridges.Malformed || len(f.asked) > was {
		t.Errorf("%v, %q", err, f.asked[was:])
	}
	b.presents.off = time.Now().Add(presencePause)
	was = len(f.asked)
	if got, err := b.Probe(t.Context(), me, bob); got != (bridges.Presence{}) || err != nil || len(f.asked) > was {
		t.Errorf("a homeserver without presence: %+v, %v", got, err)
	}
}

// Who shares a room is told of, also after a start; else nothing is, of whom the bot sees
// neither.
func TestRealProbe(t *testing.T) {
	r := onSynapse(t)
	me := bridges.Account{ID: alice, Self: r.s.ghost}
	bob, carol := lab.Nio(t, r.Matrix, "bob", "autojoin"), lab.Nio(t, r.Matrix, "carol")
	carol.Do(map[string]any{"do": "presence", "is": "unavailable"})
	send(t, r.s, "bob:localhost", "hello")
	joinsRoom(bob, bob.UserID)
	bob.Do(map[string]any{"do": "presence", "is": "unavailable", "status": "at lunch"})
	r.stop()
	r.start(t)
	for who, want := range map[bridges.UserID]bridges.Presence{
		"bob:localhost":     {Person: "bob:localhost", Show: bridges.Away, Status: "at lunch"},
		"carol:localhost":   {},
		"nobody:localhost":  {},
		"bob:elsewhere.org": {},
	} {
		got, err := r.b.Probe(t.Context(), me, who)
		if got != want || err != nil {
			t.Errorf("%s: %+v, %v", who, got, err)
		}
	}
	carol.CreateDM(userID(r.b.ghosts.bot)) // the bot has a room with her now
	carol.Wait("the bot", func(e peer.MatrixEvent) bool { return e.User == userID(r.b.ghosts.bot) && e.Membership == "join" })
	if got, err := r.b.Probe(t.Context(), me, "carol:localhost"); got != (bridges.Presence{}) || err != nil {
		t.Errorf("whom the bot sees: %+v, %v", got, err)
	}
}
