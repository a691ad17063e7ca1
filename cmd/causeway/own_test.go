package main_test

import (
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const (
	ownText   = "hello from elsewhere"
	ownMarked = "You, from another device: " + ownText
)

// TestOwnMessages: what a user sends through another program of the network is
// the user's own on all devices and once in the archive, where the server grants
// it (xeps.md 0356.11-12), else marked (0280.3). The copy that the server makes
// does not go to the network again (F4). The ejabberd of the lab speaks the older
// namespace and shows nobody what it is given: there they are marked.
func TestOwnMessages(t *testing.T) {
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		bridge := bridgetest.New(bridgetest.SMS(), "+12025550199")
		s := newScripted(t, lab.Servers[server](t, peer.Options{Unprivileged: !privileged}), bridge)
		u := s.registered("alice")
		devices := []*user{u, {Client: lab.SlixmppAt(t, s.server, "alice", "second"), t: t}}
		for _, d := range devices {
			d.ask("set", `<enable xmlns="urn:xmpp:carbons:2"/>`)
		}
		shown := privileged && server == "prosody"
		who := "+" + phone + "@" + scriptedDomain
		m := bridges.Message{ID: "own", Chat: "+" + phone, From: "+12025550199", Text: ownText}
		s.deliver("alice", m)
		s.deliver("alice", m)
		for _, d := range devices {
			if shown {
				d.Wait("a carbon of what was sent", func(e peer.Event) bool {
					return e.Event == "other" && strings.Contains(e.XML, `urn:xmpp:carbons:2`) && strings.Contains(e.XML, "<sent") && strings.Contains(e.XML, ownText)
				})
			} else {
				d.Wait("the marked text", message(who, ownMarked))
			}
		}
		u.Send(who, "t", "from here")
		if got := (<-bridge.Sent()).Text; got != "from here" {
			t.Errorf("F4: the network got %q", got)
		}
		wantArchived(u, shown)
		if all := bridge.All(); len(all) != 1 {
			t.Errorf("F4: the network got %+v", all)
		}
	})
}

// ask has the user's own account answer, and returns what came until then.
func (u *user) ask(kind, xml string) []peer.Event {
	u.t.Helper()
	u.Do(map[string]any{"do": "iq", "type": kind, "xml": xml})
	events := u.until("the answer of the account", answer)
	if e := events[len(events)-1]; e.Type != "result" {
		u.t.Fatalf("the account says %+v", e)
	}
	return events
}

// wantArchived wants the own message in the archive of its user once, from
// whom it is shown to be.
func wantArchived(u *user, own bool) {
	u.t.Helper()
	n := 0
	for _, e := range u.ask("set", `<query xmlns="urn:xmpp:mam:2" queryid="q"/>`) {
		if !strings.Contains(e.XML, "urn:xmpp:mam:2") || !strings.Contains(e.XML, ownText) {
			continue
		}
		n++
		if strings.Contains(e.XML, ownMarked) == own {
			u.t.Errorf("archived: %s", e.XML)
		}
	}
	if n != 1 {
		u.t.Errorf("0356.12: %d times in the archive", n)
	}
}
