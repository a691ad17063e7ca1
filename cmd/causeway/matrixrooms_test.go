package main_test

import (
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const matrixBot = "@_xmpp_bot:localhost"

// leaves waits until alice's ghost leaves a room, and returns why.
func leaves(c *lab.MatrixClient, room string) string {
	return string(c.Wait("the ghost to leave", func(e peer.MatrixEvent) bool {
		return e.Event == "member" && e.User == aliceGhost && e.Membership == "leave" && e.Room == room
	}).Content)
}

// A person of Matrix asks the bot for alice, who is asked in turn (xeps.md 0100.37,
// 0172.1); when alice takes the contact out of the roster the person sees it (0100.32),
// also when the worker is killed then.
func TestMatrixAsk(t *testing.T) { each(t, matrixAsk) }

func matrixAsk(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	bob.Do(map[string]any{"do": "name", "name": "Robert"})
	jid := matrixJID("bob")
	bob.Send(bob.CreateDM(matrixBot), "chat alice@localhost")
	e := alice.Wait("a request", func(e peer.Event) bool { return e.Event == "presence" && e.From == jid && e.Type == "subscribe" })
	if !strings.Contains(e.XML, "Robert") {
		t.Errorf("the request is %s", e.XML)
	}
	invited := bob.Wait("an invitation", func(e peer.MatrixEvent) bool {
		return e.Event == "member" && e.User == bob.UserID && e.Sender == aliceGhost
	})
	bob.Wait("the join", func(e peer.MatrixEvent) bool {
		return e.Event == "member" && e.User == bob.UserID && e.Membership == "join" && e.Room == invited.Room
	})
	bob.Send(invited.Room, "here I am")
	alice.Wait("the text", message(jid, "here I am"))
	alice.Send(jid, "1", "welcome")
	if room := said(bob, "welcome"); room != invited.Room {
		t.Error("the answer is in another room")
	}

	alice.Do(map[string]any{"do": "iq", "type": "set", "xml": `<query xmlns='jabber:iq:roster'><item jid='` + jid + `' subscription='remove'/></query>`})
	m.gateway.killWorker()
	if why := leaves(bob, invited.Room); !strings.Contains(why, "ended on XMPP") {
		t.Errorf("the ghost says %s", why)
	}
	bob.Do(map[string]any{"do": "invite", "room": invited.Room, "user": aliceGhost})
	bob.Send(invited.Room, "once more")
	alice.Wait("the text", message(jid, "once more")) // 0100.33
	m.blocks(alice, bob, invited.Room)
}

// blocks has alice block bob, who is in a room with the ghost: it leaves, and bob invites
// and writes in vain until alice ends that (xeps.md 0191.4).
func (m *matrixRig) blocks(alice *user, bob *lab.MatrixClient, room string) {
	m.t.Helper()
	alice.Send(matrixDomain, "b", "block "+matrixJID("bob"))
	leaves(bob, room)
	bob.Do(map[string]any{"do": "invite", "room": room, "user": aliceGhost})
	bob.Send(room, "in vain")
	lab.Await(m.t, "the question and the text to be dropped", func() bool {
		return m.gateway.metric("causeway_gateway_dropped_total", "blocked by the user") == 2
	})
	alice.Send(matrixDomain, "u", "unblock "+matrixJID("bob"))
	seen := alice.until("the answer", func(e peer.Event) bool {
		return e.Event == "message" && of(e, matrixDomain) && strings.Contains(e.Body, "not blocked any more")
	})
	bob.Send(room, "and now?")
	seen = append(seen, alice.until("the text", message(matrixJID("bob"), "and now?"))...)
	none(m.t, "0191.4: a text", seen, message(matrixJID("bob"), "in vain"))
}

// Who unregisters leaves Matrix, also when the worker is killed then, and is the same
// there after registering again (xeps.md 0100.15-17).
func TestMatrixEnd(t *testing.T) { each(t, matrixEnd) }

func matrixEnd(t *testing.T, server string) {
	m := newMatrixRigWith(t, matrixSetup{server: server})
	alice, bob := m.registered("alice"), lab.Nio(t, m.home, "bob", "autojoin")
	jid := matrixJID("bob")
	alice.Send(jid, "1", "hello")
	room := said(bob, "hello")
	alice.Do(map[string]any{"do": "register", "to": matrixDomain, "remove": true})
	m.gateway.killWorker()
	if why := leaves(bob, room); !strings.Contains(why, "any more") {
		t.Errorf("the ghost says %s", why)
	}
	bob.Do(map[string]any{"do": "invite", "room": room, "user": aliceGhost})
	if why := leaves(bob, room); !strings.Contains(why, "Nobody is registered") {
		t.Errorf("the ghost says %s", why)
	}
	alice.Do(map[string]any{"do": "register", "to": matrixDomain})
	alice.Wait("the welcome", func(e peer.Event) bool {
		return e.Event == "message" && e.From == matrixDomain && strings.Contains(e.Body, aliceGhost)
	})
	alice.Send(jid, "2", "back")
	if said(bob, "back") == room {
		t.Error("the chat did not begin anew")
	}
}
