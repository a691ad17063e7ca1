package main_test

import (
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/mapping"
)

const (
	statesNS = "http://jabber.org/protocol/chatstates"
	marksNS  = "urn:xmpp:chat-markers:0"
	whoMarks = "+" + phone + "@" + scriptedDomain
)

// correspondent is a user of a network that shows who types and what was read.
type correspondent struct {
	*user
	s      *scripted
	bridge *bridgetest.Bridge
}

// newCorrespondent registers alice with a contact.
func newCorrespondent(t *testing.T, server string) *correspondent {
	b := bridgetest.New(bridgetest.Rich(), "+12025550199")
	s := newScripted(t, lab.Servers[server](t, peer.Options{}), b)
	u := s.registered("alice")
	u.add(whoMarks)
	return &correspondent{u, s, b}
}

// says has the client send something that is no text.
func (c *correspondent) says(inside string) {
	c.Do(map[string]any{"do": "raw", "xml": `<message type='chat' to='` + whoMarks + `'>` + inside + `</message>`})
}

// shown waits for what the network is told next.
func (c *correspondent) shown(want bridges.Event) {
	c.t.Helper()
	select {
	case e := <-c.bridge.Events():
		if e != want {
			c.t.Errorf("the network was told %+v, not %+v", e, want)
		}
	case <-time.After(patience):
		c.t.Fatalf("the network is not told %+v", want)
	}
}

// came waits for a text of the contact and returns the id of its stanza.
func (c *correspondent) came(id, text string) string {
	c.t.Helper()
	c.s.deliver("alice", bridges.Message{ID: bridges.MessageID(id), Chat: "+" + phone, From: "+" + phone, Text: text})
	e := c.Wait(text, message(whoMarks, text))
	if !strings.Contains(e.XML, "markable") {
		c.t.Errorf("0333.1: %s", e.XML)
	}
	return e.ID
}

// other waits for a message without a body that has certain words.
func (u *user) other(what string, words ...string) peer.Event {
	u.t.Helper()
	return u.Wait(what, func(e peer.Event) bool { return e.Event == "other" && has(e.XML, words...) })
}

func has(text string, words ...string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// TestSigns: who types and what was read goes both ways where the network has
// it, on real servers.
func TestSigns(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		c := newCorrespondent(t, server)
		c.announced()
		composing, self := bridges.Typing{Chat: "+" + phone, From: "+12025550199", Composing: true}, bridges.UserID("+12025550199")

		c.says(`<composing xmlns='` + statesNS + `'/>`)
		c.shown(composing) // 0085.5
		c.Send(whoMarks, "t1", "one")
		<-c.bridge.Sent()
		c.says(`<composing xmlns='` + statesNS + `'/>`)
		c.shown(composing) // the text had ended it
		c.says(`<gone xmlns='` + statesNS + `'/>`)
		c.shown(bridges.Typing{Chat: "+" + phone, From: self})

		first, second := c.came("n1", "first"), c.came("n2", "second")
		for _, id := range []string{second, first, "unknown"} {
			c.says(`<displayed xmlns='` + marksNS + `' id='` + id + `'/>`)
		}
		c.shown(bridges.Displayed{Chat: "+" + phone, From: self, UpTo: "n2"})
		c.says(`<displayed xmlns='` + marksNS + `' id='` + c.came("n3", "third") + `'/>`)
		c.shown(bridges.Displayed{Chat: "+" + phone, From: self, UpTo: "n3"}) // 0333.2: none of the older ones

		c.s.gateway.Hint(bridges.Delivery{Account: "alice@localhost", Event: bridges.Typing{Chat: "+" + phone, From: "+" + phone, Composing: true}})
		c.other("0085.1", "composing", "no-store")
		c.s.deliver("alice", bridges.Displayed{Chat: "+" + phone, From: "+" + phone, UpTo: "m1"})
		c.other("0333.3", "displayed", `id="t1"`)
		c.archived()
	})
}

// announced wants clients to find that signs are welcome (0085.6).
func (c *correspondent) announced() {
	c.t.Helper()
	for _, jid := range []string{whoMarks, whoMarks + "/gateway"} {
		c.Do(map[string]any{"do": "discover", "to": jid})
		info := c.Wait("disco#info", answer)
		for _, feature := range []string{statesNS, marksNS} {
			if !has(strings.Join(info.Features, " "), feature) {
				c.t.Errorf("%s does not announce %s", jid, feature)
			}
		}
	}
}

// archived has a marker come while nobody is there: it is found later, and no
// chat state is (0334.1, .2, 0085.4).
func (c *correspondent) archived() {
	c.t.Helper()
	c.Send(whoMarks, "t2", "two")
	<-c.bridge.Sent()
	c.leaves()
	c.s.deliver("alice", bridges.Displayed{Chat: "+" + phone, From: "+" + phone, UpTo: "m2"})
	lab.Await(c.t, "the server to have it", c.s.settled)
	found := map[string]int{}
	for _, e := range c.returns().ask("set", `<query xmlns="urn:xmpp:mam:2" queryid="q"/>`) {
		for _, x := range []string{`id="t1"`, `id="t2"`} {
			if has(e.XML, "urn:xmpp:mam:2", "displayed", whoMarks, x, marksNS) {
				found[x]++
			}
		}
		if has(e.XML, "urn:xmpp:mam:2", statesNS, "composing") {
			c.t.Errorf("0085.4: archived: %s", e.XML)
		}
	}
	if found[`id="t1"`] != 1 || found[`id="t2"`] != 1 {
		c.t.Errorf("0334.2: %v in the archive", found)
	}
}

// settled tells whether nothing is in the journal.
func (s *scripted) settled() bool {
	n := 0
	err := s.store.Replay(s.t.Context(), scriptedDomain, func(mapping.Key, mapping.Record) error {
		n++
		return nil
	})
	return err == nil && n == 0
}

// TestReceiptIsKept: the report on a text that comes when nobody is there is found
// later in the archive, by all devices (xeps.md 0334.1-2).
func TestReceiptIsKept(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		c := newCorrespondent(t, server)
		c.Do(map[string]any{"do": "send", "to": whoMarks, "id": "t1", "body": "one", "receipt": true})
		<-c.bridge.Sent()
		c.leaves()
		c.s.deliver("alice", bridges.Receipt{ID: "m1", Chat: "+" + phone, State: bridges.Delivered})
		lab.Await(t, "the server to have it", c.s.settled)
		n := 0
		for _, e := range c.returns().ask("set", `<query xmlns="urn:xmpp:mam:2" queryid="q"/>`) {
			if has(e.XML, "urn:xmpp:mam:2", "urn:xmpp:receipts", "<received", `id="t1"`) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("0334.2: %d receipts in the archive", n)
		}
	})
}

// leaves ends the client.
func (c *correspondent) leaves() {
	c.t.Helper()
	c.Do(map[string]any{"do": "quit"})
	c.Wait("the end", func(e peer.Event) bool { return e.Event == "ended" })
}

// returns logs in on another device.
func (c *correspondent) returns() *user {
	return &user{Client: lab.SlixmppAt(c.t, c.s.server, "alice", "later"), t: c.t}
}

// TestReadElsewhere: what the user has read in another program of the network is
// read on all devices where the server grants it (0333.7). The ejabberd of the
// lab shows nobody what it is given.
func TestReadElsewhere(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		c := newCorrespondent(t, server)
		devices := []*user{c.user, {Client: lab.SlixmppAt(t, c.s.server, "alice", "second"), t: t}}
		for _, d := range devices {
			d.ask("set", `<enable xmlns="urn:xmpp:carbons:2"/>`)
		}
		id := c.came("n1", "first")
		c.s.deliver("alice", bridges.Displayed{Chat: "+" + phone, From: "+12025550199", UpTo: "n1"})
		for _, d := range devices {
			if server == "prosody" {
				d.other("0333.7", "urn:xmpp:carbons:2", "<sent", "displayed", id)
			}
		}
		c.says(`<displayed xmlns='` + marksNS + `' id='` + c.came("n2", "second") + `'/>`)
		c.shown(bridges.Displayed{Chat: "+" + phone, From: "+12025550199", UpTo: "n2"})
	})
}
