package gateway

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/componenttest"
)

// asks sends an IQ of alice, who is registered, and wants this result.
func (r *rig) asks(to, payload, answer string) *componenttest.Node {
	r.t.Helper()
	r.Send(`<iq type='get' id='ask' from='alice@example.org/x' to='` + to + `'>` + payload + `</iq>`)
	return r.Receive(`<iq type='result' id='ask' from='` + to + `' to='alice@example.org/x'>` + answer + `</iq>`)
}

// refusedIQ sends an IQ and wants an error with a text.
func (r *rig) refusedIQ(typ, from, to, payload, kind, condition string) {
	r.t.Helper()
	r.Send(`<iq type='` + typ + `' id='no' from='` + from + `' to='` + to + `'>` + payload + `</iq>`)
	r.Receive(`<iq type='error' id='no' from='` + to + `' to='` + from + `'><error type='` + kind + `'>` +
		`<` + condition + ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></iq>`)
}

const askCard = `<vCard xmlns='vcard-temp'/>`

func askNode(node, item string) string {
	return `<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='` + node + `'>` + item + `</items></pubsub>`
}

// at follows the first child down.
func at(n *componenttest.Node, names ...string) *componenttest.Node {
next:
	for _, name := range names {
		for _, c := range n.Children {
			if c.Local == name {
				n = c
				continue next
			}
		}
		return &componenttest.Node{}
	}
	return n
}

func sha1Of(t *testing.T, data string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(raw)
	return hex.EncodeToString(sum[:])
}

// TestBadges: the same picture by both ways, of a contact and of the gateway
// (xeps.md 0084.2-3, .5-6, .8-9, .13).
func TestBadges(t *testing.T) {
	r := newRig(t)
	r.bridge.SetProfile(phone, bridges.Profile{Name: "Bob"})
	r.Send(presence("probe", alice, domain))
	own := r.Receive(`<presence from='sms.example.org' to='alice@example.org'><status>*</status>` + anyCaps + `</presence>`)
	r.Send(presence("subscribe", alice, phoneJID))
	r.Receive(accepted)
	shown := r.Receive(contactShows)
	r.Receive(asksBack)
	hashes := map[string]bool{}
	for to, p := range map[string]*componenttest.Node{phoneJID: shown, domain: own} {
		hash := at(p, "x", "photo").Text
		hashes[hash] = true
		meta := r.asks(to, askNode("urn:xmpp:avatar:metadata", ""), askNode("urn:xmpp:avatar:metadata",
			`<item id='`+hash+`'><metadata xmlns='urn:xmpp:avatar:metadata'><info bytes='*' id='`+hash+`' type='image/png' width='64' height='64'/></metadata></item>`))
		data := r.asks(to, askNode("urn:xmpp:avatar:data", `<item id='`+hash+`'/>`), askNode("urn:xmpp:avatar:data",
			`<item id='`+hash+`'><data xmlns='urn:xmpp:avatar:data'>*</data></item>`))
		binary := at(data, "pubsub", "items", "item", "data").Text
		if got := sha1Of(t, binary); got != hash || at(meta, "pubsub", "items", "item").Attr["id"] != hash {
			t.Errorf("0084.3: %s shows %s, the data hashes to %s", to, hash, got)
		}
		card := r.asks(to, askCard, `<vCard xmlns='vcard-temp'><FN>*</FN><any/></vCard>`)
		if at(card, "vCard", "PHOTO", "BINVAL").Text != binary || at(card, "vCard", "PHOTO", "TYPE").Text != "image/png" {
			t.Errorf("0084.8: the vCard of %s has another picture", to)
		}
	}
	if len(hashes) != 2 {
		t.Error("gateway and contact look the same")
	}
}

func TestCards(t *testing.T) {
	r := newRig(t)
	r.bridge.SetProfile(phone, bridges.Profile{Name: "Bob B", Tel: "+1 202-555-0100", Region: "Chile", Kind: "Pager"})
	r.asks(phoneJID, askCard, `<vCard xmlns='vcard-temp'><FN>Bob B</FN><NICKNAME>Bob B</NICKNAME><TEL><NUMBER>+1 202-555-0100</NUMBER></TEL><ADR><CTRY>Chile</CTRY></ADR>`+
		`<DESC>Pager.</DESC><any/></vCard>`) // 0084.6
	r.asks(phoneJID+"/gateway", askNode("urn:xmpp:vcard4", ""), askNode("urn:xmpp:vcard4", // 0084.11
		`<item id='current'><vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Bob B</text></fn><any/></vcard></item>`))
	r.ask(domain, askCard, `<vCard xmlns='vcard-temp'><FN>SMS</FN><any/></vCard>`) // of the gateway to everybody
	for name, c := range map[string]struct{ typ, from, to, payload, kind, condition string }{
		"0084.7 of nobody":           {"get", "alice@example.org/x", "+12025550111@" + domain, askCard, "cancel", "service-unavailable"},
		"0084.7 of no address":       {"get", "alice@example.org/x", "nobody@" + domain, askCard, "cancel", "service-unavailable"},
		"0084.7 set":                 {"set", "alice@example.org/x", phoneJID, askCard, "auth", "forbidden"},
		"0084.7 set of the gateway":  {"set", "alice@example.org/x", domain, askCard, "auth", "forbidden"},
		"to who is not registered":   {"get", "bob@example.org/x", phoneJID, askCard, "auth", "registration-required"},
		"to who is not allowed":      {"get", "eve@evil.example/x", phoneJID, askCard, "cancel", "not-allowed"},
		"picture to a stranger":      {"get", "bob@example.org/x", phoneJID, askNode("urn:xmpp:avatar:data", ""), "auth", "registration-required"},
		"0084.4 unknown node":        {"get", "alice@example.org/x", phoneJID, askNode("urn:xmpp:mood", ""), "cancel", "item-not-found"},
		"0084.4 no node":             {"get", "alice@example.org/x", phoneJID, `<pubsub xmlns='http://jabber.org/protocol/pubsub'/>`, "cancel", "item-not-found"},
		"0084.4 another picture":     {"get", "alice@example.org/x", phoneJID, askNode("urn:xmpp:avatar:data", "<item id='ff'/>"), "cancel", "item-not-found"},
		"0084.4 publish":             {"set", "alice@example.org/x", phoneJID, `<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'/></pubsub>`, "auth", "forbidden"},
		"0384.1 keys, to a stranger": {"get", "bob@example.org/x", phoneJID, askNode("urn:xmpp:omemo:2:devices", ""), "cancel", "item-not-found"},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			r.refusedIQ(c.typ, c.from, c.to, c.payload, c.kind, c.condition)
		})
	}
}

// shy is a network that tells nothing of its people.
type shy struct{ bridges.Bridge }

func TestNoProfiler(t *testing.T) {
	s := newMemStore()
	registered(s, alice, number)
	r := start(t, s, bridgetest.SMS(), func(c *Config) { c.Bridge = shy{c.Bridge} })
	r.greeting()
	r.Send(presence("subscribe", alice, phoneJID))
	r.Receive(accepted)
	r.Receive(strings.Replace(contactShows, anyCaps, strings.Split(anyCaps, "<x ")[0], 1))
	r.Receive(asksBack)
	r.refusedIQ("get", "alice@example.org/x", phoneJID, askCard, "cancel", "service-unavailable")
	r.refusedIQ("get", "alice@example.org/x", phoneJID, askNode("urn:xmpp:avatar:metadata", ""), "cancel", "item-not-found")
	r.refusedIQ("get", "alice@example.org/x", phoneJID, askNode("urn:xmpp:vcard4", ""), "cancel", "service-unavailable")
}

// failing is a network that cannot be asked for a profile now.
type failing struct{ *bridgetest.Bridge }

func (failing) Profile(context.Context, bridges.AccountID, bridges.UserID) (bridges.Profile, error) {
	return bridges.Profile{}, &bridges.Error{Kind: bridges.Temporary, Text: "Not now."}
}

func TestProfileFails(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Bridge = failing{c.Bridge.(*bridgetest.Bridge)} })
	r.refusedIQ("get", "alice@example.org/x", phoneJID, askCard, "wait", "remote-server-timeout")
}
