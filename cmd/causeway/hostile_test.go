package main_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/client"
	"causeway/component/componenttest"
)

// TestHostile has an ordinary user send the corpus of hostile input through
// real servers. After every case another user sends a text and gets one, and
// sees nothing else of the gateway; the gateway keeps its one connection.
func TestHostile(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		r := newRig(t, server, peer.Node, "alice", "mallory")
		a := &attack{rig: r, alice: r.registered(t, "alice")}
		if err := r.registered(t, "mallory").Close(); err != nil {
			t.Fatal(err)
		}
		a.alice.add(contact)
		a.alice.Wait("the contact in the roster, or a question", func(e peer.Event) bool {
			return presence(contact, "subscribe")(e) || slices.ContainsFunc(e.Items, func(i peer.Item) bool {
				return i.JID == contact && i.Subscription == "both"
			})
		})
		a.centre.Text(phone, a.alice.number, "before")
		a.alice.Wait("the text before", message(contact, "before"))
		for _, c := range componenttest.Corpus(t, "../../component/testdata/hostile") {
			if deadly[server] == c.Name {
				continue
			}
			a.play(&c)
			a.unharmed(c.Name)
		}
		a.verdict()
	})
}

// deadly has the case that a server itself dies of: one ordinary user ends the
// whole ejabberd 23.01 with it. Such a case proves nothing of the gateway.
var deadly = map[string]string{"ejabberd": "limit-5000-levels"}

// attack is mallory's.
type attack struct {
	*rig
	alice  *user
	client *client.Client // mallory's; nil: the server has ended it

	refused int // cases for which the server ended mallory's stream
	passed  int
}

// play sends a case and then asks the gateway for a sign of life. When the
// server ends the stream instead, the case went no further.
func (a *attack) play(c *componenttest.Hostile) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), patience)
	defer cancel()
	if a.client == nil {
		a.login(ctx)
	}
	err := c.Play(a, map[string]string{
		"user": a.client.JID, "mallory": "mallory@" + peer.Domain, "victim": "alice@" + peer.Domain,
		"server": peer.Domain, "domain": domain, "DOMAIN": strings.ToUpper(domain),
		"contact": contact, "other": "matrix." + peer.Domain, "asked": "alice-1",
	})
	if err == nil && c.Ends != "" {
		// Prosody takes a stream inside a stream for a stanza.
		_ = a.client.Send("</stream:stream></stream:stream>")
	}
	if err == nil {
		_, err = a.client.Ask(ctx, domain, "get", "<ping xmlns='urn:xmpp:ping'/>")
	}
	switch {
	case ctx.Err() != nil:
		a.t.Fatalf("%s: no answer and no end: %v", c.Name, err)
	case err != nil:
		a.refused++
		a.client.Close()
		a.client = nil
	default:
		a.passed++
	}
}

// Write gives mallory's server a piece of a case.
func (a *attack) Write(b []byte) (int, error) {
	if err := a.client.Write(b); err != nil {
		return 0, err
	}
	a.client.Flush()
	return len(b), nil
}

func (a *attack) login(ctx context.Context) {
	a.t.Helper()
	var err error
	a.client, err = client.Dial(ctx, client.Config{
		Address: a.server.C2S, Domain: peer.Domain, User: "mallory", Password: peer.Secret, Resource: "x",
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// unharmed has alice send a text and get one.
func (a *attack) unharmed(name string) {
	a.t.Helper()
	text := "alice, after " + name
	a.alice.Send(contact, name, text)
	for e := a.centre.Next("submit"); e.Text != text; e = a.centre.Next("submit") {
		if e.From == a.alice.number || strings.Contains(e.Text, "forged") {
			a.t.Errorf("%s: a text went out: %+v", name, e)
		}
	}
	if status := a.centre.Text(phone, a.alice.number, text); status != 0 {
		a.t.Fatalf("%s: the text for alice is answered by %#x", name, status)
	}
	events := a.alice.until("the text after "+name, message(contact, text))
	for _, e := range events[:len(events)-1] {
		if strings.HasSuffix(e.From, domain) {
			a.t.Errorf("%s: alice is shown %+v", name, e)
		}
	}
}

// verdict wants the gateway to be as it was, and to have counted.
func (a *attack) verdict() {
	a.t.Helper()
	if a.client != nil {
		a.client.Close()
	}
	a.t.Logf("%d cases came as far as the gateway, %d ended mallory's stream", a.passed, a.refused)
	if a.passed == 0 || a.refused == 0 {
		a.t.Error("the server lets everything pass, or nothing")
	}
	g := a.gateway
	for metric, want := range map[string]int{
		"causeway_link_disconnects_total": 0, "causeway_gateway_panics_total": 0, "causeway_link_up": 1,
	} {
		if got := g.metric(metric, ""); got != want {
			a.t.Errorf("%s is %d, not %d", metric, got, want)
		}
	}
	for metric, reasons := range map[string][]string{
		"causeway_link_skipped_total":    {"limit", "unasked"},
		"causeway_gateway_refused_total": {"jid-malformed", "encrypted", "retraction"},
		"causeway_gateway_dropped_total": {"no text"},
	} {
		for _, reason := range reasons {
			if g.metric(metric, reason) == 0 {
				a.t.Errorf("%s counts no %s", metric, reason)
			}
		}
	}
	if s := g.status(); s.Accounts != 2 {
		a.t.Errorf("%d accounts", s.Accounts)
	}
}
