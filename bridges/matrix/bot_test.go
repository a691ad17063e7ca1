package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// Nobody asks more than is let, all together neither, and what was forgotten counts
// no more.
func TestLimiter(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := newLimiter()
	asks := func(who bridges.UserID, n int) (taken int) {
		for range n {
			if l.takes(who, now) {
				taken++
			}
		}
		return taken
	}
	if n := asks(bob, 100); n != eachBurst {
		t.Errorf("%d at once", n)
	}
	now = now.Add(eachGap + time.Second)
	if n := asks(bob, 100); n != 1 {
		t.Errorf("%d more after a while", n)
	}
	all := 0
	for i := range 100 {
		all += asks(bridges.UserID(strings.Repeat("x", i+1)+":localhost"), eachBurst)
	}
	if all > allBurst || l.each.Len() > askersKept {
		t.Errorf("%d of all, %d are remembered", all, l.each.Len())
	}
}

// What is too much is not noted: no order, and no invitation then.
func TestBotLimited(t *testing.T) {
	b := bare(t)
	bot := b.ghosts.bot
	note(t, b, "!bot", room{Ghost: bot, Person: bob, GhostIs: joined, PersonIs: joined})
	for i := range eachBurst + 5 {
		if err := push(t, b, text("!bot", fmt.Sprint("$", i), bob, body("help"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := push(t, b, memberIs("!more", "$i", bot, bob, invited)); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, of := range []string{askNotes, joinNotes} {
		err := b.book.notes.EachNote(t.Context(), of, func(string, []byte) error { count[of]++; return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if count[askNotes] != eachBurst || count[joinNotes] != 0 {
		t.Errorf("%v are noted", count)
	}
}

// Who invites ghosts without end gets no answer, nor a homeserver whose people do so
// together; but who has a chat with the ghost does.
func TestInvitationsLimited(t *testing.T) {
	synctest.Test(t, invitationsLimited)
}

func invitationsLimited(t *testing.T) {
	b := bare(t)
	note(t, b, "!known", room{Ghost: b.ghosts.of(alice), Person: "mallory:evil.example", GhostIs: joined, PersonIs: joined})
	rooms := 0
	invites := func(from, server string, n int) (noted int) {
		t.Helper()
		for range n {
			rooms++
			id := fmt.Sprint("!new", rooms)
			ghost := b.ghosts.of(bridges.AccountID(fmt.Sprint("user", rooms, "@example.org")))
			if from == "mallory" {
				ghost = b.ghosts.of(alice)
			}
			if err := push(t, b, memberIs(id, "$"+id, ghost, bridges.UserID(from+":"+server), invited)); err != nil {
				t.Fatal(err)
			}
			err := b.book.change(t.Context(), func(p *page) error {
				if r, err := p.room(id); err != nil || r.Invite != "" {
					noted++
					return err
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return noted
	}
	for _, c := range []struct {
		from, server string
		n, want      int
	}{
		{"eve", "evil.example", guestBurst + 5, guestBurst},
		{"a", "evil.example", guestBurst, guestBurst},
		{"b", "evil.example", guestBurst, guestBurst},
		{"c", "evil.example", guestBurst, serverBurst - 3*guestBurst},
		{"d", "evil.example", guestBurst, 0},
		{"mallory", "evil.example", 5, 5}, // knows alice
		{"d", "good.example", 5, 5},
		{"a", b.ghosts.server, guestBurst + 5, guestBurst},
		{"b", b.ghosts.server, guestBurst, guestBurst},
		{"c", b.ghosts.server, guestBurst, guestBurst},
		{"d", b.ghosts.server, guestBurst, guestBurst},
		{"e", b.ghosts.server, guestBurst, guestBurst},
	} {
		if got := invites(c.from, c.server, c.n); got != c.want {
			t.Errorf("%s of %s: %d invitations are noted, not %d", c.from, c.server, got, c.want)
		}
	}
}

// What somebody asks at once is answered in its order, whatever the ids; what cannot be
// answered now, and all behind it, is later.
func TestBotAnswersInOrder(t *testing.T) {
	f, b, _ := onFake(t, nil)
	bot := b.ghosts.bot
	note(t, b, "!bot", room{Ghost: bot, Person: bob, GhostIs: joined, PersonIs: joined})
	var asked []event.Event
	var want []string
	for i := range 3 {
		id := fmt.Sprint("$", 9-i)
		asked = append(asked, text("!bot", id, bob, body("help")))
		want = append(want, transaction(bot, id))
	}
	if err := push(t, b, asked...); err != nil {
		t.Fatal(err)
	}
	f.say("PUT /send/", answer{200, `{"event_id": "$x"}`}, refused(500, "M_UNKNOWN"))
	again, err := doAll(t, b.answers)
	if err != nil || !again {
		t.Fatalf("again: %t, %v", again, err)
	}
	if got := f.transactions(); len(got) < 2 || got[0] != want[0] || slices.ContainsFunc(got[1:], func(x string) bool { return x != want[1] }) {
		t.Errorf("%q were tried, of %q", got, want)
	}
	f.say("PUT /send/", answer{200, `{"event_id": "$x"}`})
	b.answers.later["ask/$8"] = attempt{} // its time has come before that of the others
	before := len(f.transactions())
	for range 2 { // the second finds out that all is done
		if again, err = doAll(t, b.answers); err != nil {
			t.Fatal(err)
		}
	}
	if again {
		t.Error("something is left")
	}
	if got := f.transactions()[before:]; !slices.Equal(got, want[1:]) {
		t.Errorf("the answers are %q, not %q", got, want[1:])
	}
}

// transactions returns those by which something was to be said, in order.
func (f *fake) transactions() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.asked {
		if fitsRequest(r, "PUT /send/") {
			all = append(all, r[strings.LastIndexByte(r, '/')+1:])
		}
	}
	return all
}

// Whom the bot serves.
func TestMayAsk(t *testing.T) {
	for _, c := range []struct {
		name  string
		allow []string
		who   bridges.UserID
		want  bool
	}{
		{"our own homeserver", nil, bob, true},
		{"another one", nil, "bob:elsewhere.example", false},
		{"nobody", []string{}, bob, false},
		{"everybody", []string{"*"}, "bob:elsewhere.example", true},
		{"a homeserver", []string{"elsewhere.example"}, "bob:elsewhere.example", true},
		{"not ours then", []string{"elsewhere.example"}, bob, false},
		{"one user", []string{"@bob:elsewhere.example"}, "bob:elsewhere.example", true},
		{"and no other", []string{"@bob:elsewhere.example"}, "carol:elsewhere.example", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.Homeserver.Name, cfg.Chat.Allow = "localhost", c.allow
			if got := cfg.mayAsk(c.who); got != c.want || cfg.checkChat() != nil {
				t.Errorf("%t, %v", got, cfg.checkChat())
			}
		})
	}
	for _, wrong := range []string{"", "bob", "@bob", "#x:localhost", "a b"} {
		cfg := DefaultConfig()
		cfg.Chat.Allow = []string{wrong}
		if err := cfg.checkChat(); (err == nil) != (wrong == "bob") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// The bot comes, answers in notices, and has people of XMPP invite who asks.
func TestRealBot(t *testing.T) {
	r := onSynapse(t)
	bot, ghost := userID(r.b.ghosts.bot), userID(r.s.ghost)
	bob := lab.Nio(t, r.Matrix, "bob", "autojoin")
	room := bob.CreateDM(bot)
	says := func(text string) {
		t.Helper()
		e := bob.Wait("the bot", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Sender == bot })
		if e.Room != room || e.Body != text || !strings.Contains(string(e.Content), "m.notice") {
			t.Errorf("the bot says %s %s", e.Body, e.Content)
		}
	}
	says(botHelp)
	for _, c := range []struct{ asks, answer string }{
		{"HELP", botHelp},
		{"hello", botUnclear + botHelp},
		{"chat", botAddress},
		{"chat alice", botAddress},
		{"chat nobody@example.org", botNobody},
	} {
		bob.Send(room, c.asks)
		says(c.answer)
	}
	bob.Send(room, "chat Alice@Example.org")
	invited := bob.Wait("an invitation", func(e peer.MatrixEvent) bool { return e.Event == "member" && e.User == bob.UserID && e.Sender == ghost })
	if !invited.IsDirect {
		t.Errorf("the invitation is %+v", invited)
	}
	if x := next(t, r.came); x != (bridges.ContactRequest{Person: "bob:localhost"}) {
		t.Errorf("%+v came", x)
	}
	says(string(alice) + botInvited)
	joinsRoom(bob, bob.UserID)
	bob.Send(invited.Room, "hello")
	r.wantText(t, "bob:localhost", "hello")
	bob.Send(room, "chat xmpp:alice@example.org")
	says(botAlready + string(alice) + ".")
	bob.Do(map[string]any{"do": "leave", "room": room})
	r.forgotten(t, roomNotes+room)
}

// Who speaks before the bot is there is answered, and who encrypts is told; who may
// not ask learns nothing.
func TestRealBotRefuses(t *testing.T) {
	r := onSynapse(t)
	r.stop()
	r.cfg.Chat.Allow = []string{"elsewhere.example"}
	bot := userID(r.b.ghosts.bot)
	carol := lab.Nio(t, r.Matrix, "carol", "autojoin")
	room := carol.CreateDM(bot)
	carol.Send(room, "chat alice@example.org")
	r.start(t)
	e := carol.Wait("the bot", func(e peer.MatrixEvent) bool { return e.Event == "message" && e.Sender == bot })
	if e.Body != botNobody {
		t.Errorf("the bot says %q", e.Body)
	}
	carol.Do(map[string]any{"do": "send_raw", "room": room, "type": typeEncrypted, "content": map[string]any{"algorithm": "x"}})
	r.botMoves(t, carol, room)
}

// botMoves wants the bot to leave an encrypted room and say why, and to answer in
// another one, to which it has invited.
func (r *real) botMoves(t *testing.T, who *lab.MatrixClient, room string) {
	t.Helper()
	bot, moved := userID(r.b.ghosts.bot), ""
	for gone := false; !gone || moved == ""; {
		e := who.Wait("the bot to go, and to offer another room", func(e peer.MatrixEvent) bool {
			return e.Sender == bot && (e.Event == "message" || e.User == bot && e.Membership == "leave")
		})
		switch {
		case e.Event == "message" && e.Body == offered && e.Room != room:
			moved = e.Room
		case e.Event == "member" && e.Room == room && strings.Contains(string(e.Content), leaveSecret):
			gone = true
		default:
			t.Fatalf("the bot says %s in %s", e.Content, e.Room)
		}
	}
	who.Send(moved, "help")
	who.WaitMessage(moved, botHelp)
}
