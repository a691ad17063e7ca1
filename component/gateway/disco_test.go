package gateway

import (
	"slices"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/componenttest"
	"causeway/component/xep/caps"
	"causeway/component/xep/disco"
)

func (r *rig) ask(to, payload, answer string) *componenttest.Node {
	r.t.Helper()
	r.Send(`<iq type='get' id='ask' from='bob@example.org/x' to='` + to + `'>` + payload + `</iq>`)
	return r.Receive(`<iq type='result' id='ask' from='` + to + `' to='bob@example.org/x'>` + answer + `</iq>`)
}

// info reads an answer to disco#info.
func info(n *componenttest.Node) (i disco.Info) {
	for _, c := range n.Children[0].Children {
		switch c.Local {
		case "identity":
			i.Identities = append(i.Identities, disco.Identity{Category: c.Attr["category"], Type: c.Attr["type"], Name: c.Attr["name"]})
		case "feature":
			i.Features = append(i.Features, c.Attr["var"])
		}
	}
	return i
}

// TestContactAddresses: xeps.md 0157.1 and .3, and the hash covers them.
func TestContactAddresses(t *testing.T) {
	query := `<query xmlns='http://jabber.org/protocol/disco#info'/>`
	r := newRig(t, func(c *Config) {
		c.Admins = []string{"admin@example.org"}
		c.Contact.Abuse = []string{"mailto:abuse@example.org"}
	})
	n := r.ask(domain, query, anyInfo)
	x := n.Children[0].Children[len(n.Children[0].Children)-1]
	want, err := componenttest.Parse(`<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field>` +
		`<field var='abuse-addresses' type='list-multi'><value>mailto:abuse@example.org</value></field>` +
		`<field var='admin-addresses' type='list-multi'><value>xmpp:admin@example.org</value></field></x>`)
	if err != nil {
		t.Fatal(err)
	}
	if x.String() != want.String() {
		t.Errorf("the form is %s", x)
	}
}

const anyInfo = `<query xmlns='http://jabber.org/protocol/disco#info'><any/></query>`

func TestDisco(t *testing.T) {
	r := newRig(t)
	query := `<query xmlns='http://jabber.org/protocol/disco#info'/>`
	for _, c := range []struct {
		name, to, identity string
		features, never    []string
	}{
		{"0100.1 0106.1 domain", domain, "gateway/sms", []string{
			"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/caps",
			"urn:xmpp:ping", "jabber:iq:version", "jabber:iq:register", `jid\20escaping`, "http://jabber.org/protocol/commands", "jabber:iq:gateway",
			"jabber:iq:search",                              // 0055.1
			"vcard-temp", "jabber:iq:last", "urn:xmpp:time", // 0012.3 0202.2
		}, []string{
			"urn:xmpp:mam:2", "urn:xmpp:blocking", "http://jabber.org/protocol/muc", "http://jabber.org/protocol/pubsub",
			"urn:xmpp:pep-vcard-conversion:0", "urn:xmpp:http:upload:0", "urn:xmpp:carbons:2", "urn:xmpp:push:0", // 0084.12
		}},
		{
			"F5 0030.5 contact that nobody knows", "+12025550155@sms.example.org", "account/registered",
			[]string{"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/caps", "urn:xmpp:receipts", "vcard-temp"},
			[]string{"urn:xmpp:mam:2", "http://jabber.org/protocol/pubsub", "jabber:iq:version", "jabber:iq:last", "urn:xmpp:time"},
		},
		{"contact's resource", phoneJID + "/gateway", "client/phone", []string{"urn:xmpp:receipts"}, []string{"jabber:iq:register"}},
		{"0106.14 F5 malformed", "nobody@sms.example.org", "account/registered", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := info(r.ask(c.to, query, anyInfo))
			if got := i.Identities[0]; got.Category+"/"+got.Type != c.identity {
				t.Errorf("identity %v", got)
			}
			for _, f := range c.features {
				if !slices.Contains(i.Features, f) {
					t.Errorf("lacks %s", f)
				}
			}
			for _, f := range c.never {
				if slices.Contains(i.Features, f) {
					t.Errorf("has %s", f)
				}
			}
		})
	}
}

func TestCaps(t *testing.T) {
	r := newRig(t)
	r.Send(presence("subscribe", alice, phoneJID))
	r.Receive(accepted)
	shown := r.Receive(contactShows)
	r.Receive(asksBack)
	c := shown.Children[0].Attr
	node := c["node"] + "#" + c["ver"]
	n := r.ask(phoneJID+"/gateway", `<query xmlns='http://jabber.org/protocol/disco#info' node='`+node+`'/>`, // 0030.1
		`<query xmlns='http://jabber.org/protocol/disco#info' node='`+node+`'><any/></query>`)
	if got := caps.Of(c["node"], info(n)); got.Ver != c["ver"] {
		t.Errorf("0115.3: ver %q, the answer hashes to %q", c["ver"], got.Ver)
	}
	r.Send(`<iq type='get' id='u' from='bob@example.org/x' to='sms.example.org'><query xmlns='http://jabber.org/protocol/disco#info' node='urn:odd'/></iq>`)
	r.Receive(iqError("u", "cancel", "item-not-found")) // 0030.3
}

func TestSmallQueries(t *testing.T) {
	r := newRig(t)
	for _, to := range []string{domain, phoneJID, phoneJID + "/gateway"} { // 0199.1
		r.ask(to, `<ping xmlns='urn:xmpp:ping'/>`, "")
	}
	r.ask(domain, `<query xmlns='jabber:iq:version'/>`, `<query xmlns='jabber:iq:version'><name>Causeway</name><version>1.2.3</version></query>`) // 0092.1
	r.Send(fromBob("set", "v", `<query xmlns='jabber:iq:version'/>`))
	r.Receive(iqError("v", "cancel", "not-allowed"))                                                                          // 0092.3
	r.ask(domain, `<query xmlns='jabber:iq:last'/>`, `<query xmlns='jabber:iq:last' seconds='*'/>`)                           // 0012.1
	now := r.ask(domain, `<time xmlns='urn:xmpp:time'/>`, `<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>*</utc></time>`) // 0202.1
	if at, err := time.Parse(time.RFC3339, now.Children[0].Children[1].Text); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("0202.3: %v, %v", at, err)
	}
	for _, query := range []string{`<query xmlns='jabber:iq:last'/>`, `<time xmlns='urn:xmpp:time'/>`} {
		r.refusedIQ("get", "bob@example.org/x", phoneJID, query, "cancel", "service-unavailable") // 0012.3, 0202.1
	}
	r.ask(phoneJID, `<query xmlns='http://jabber.org/protocol/disco#items'/>`, `<query xmlns='http://jabber.org/protocol/disco#items'/>`)
	r.ask(phoneJID, `<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>`, // 0050.12
		`<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>`)
	r.Send(`<iq type='get' id='k' from='bob@example.org/x' to='+12025550100@sms.example.org'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:omemo:2:devices'/></pubsub></iq>`)
	r.Receive(strings.ReplaceAll(iqError("k", "cancel", "item-not-found"), "from='sms.", "from='+12025550100@sms.")) // 0384.1
	r.Send(fromBob("get", "b", `<blocklist xmlns='urn:xmpp:blocking'/>`))
	r.Receive(toBob("error", "b", `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error>`)) // 0191.5
}

func TestPrompt(t *testing.T) {
	r := newRig(t)
	r.ask(domain, `<query xmlns='jabber:iq:gateway'/>`, `<query xmlns='jabber:iq:gateway'><desc>*</desc><prompt>*</prompt></query>`) // 0100.41
	for _, typed := range []string{"+12025550100", "12025550100"} {
		r.Send(fromBob("set", "p", `<query xmlns='jabber:iq:gateway'><prompt>`+typed+`</prompt></query>`)) // 0100.42
		r.Receive(toBob("result", "p", `<query xmlns='jabber:iq:gateway'><jid>+12025550100@sms.example.org</jid></query>`))
	}
	r.Send(fromBob("set", "q", `<query xmlns='jabber:iq:gateway'><prompt>nobody</prompt></query>`)) // 0100.43
	r.Receive(iqError("q", "modify", "not-acceptable"))
}

// TestReactionLimit: xeps.md 0444.4, the bound that is kept is announced wherever
// clients look for it; what presence says of all (0115.2) covers the form.
func TestReactionLimit(t *testing.T) {
	limit, err := componenttest.Parse(`<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>` +
		`<value>urn:xmpp:reactions:0:restrictions</value></field><field var='max_reactions_per_user'><value>20</value></field></x>`)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		info      bridges.Info
		announced int
	}{"a network with reactions": {bridgetest.Rich(), 1}, "one without": {bridgetest.SMS(), 0}} {
		t.Run(name, func(t *testing.T) {
			s := newMemStore()
			registered(s, alice, number)
			r := start(t, s, c.info, func(c *Config) { c.Admins = []string{"admin@example.org"} })
			r.greeting()
			for _, to := range []string{domain, phoneJID, phoneJID + "/gateway"} {
				n := r.ask(to, `<query xmlns='http://jabber.org/protocol/disco#info'/>`, anyInfo).Children[0]
				found := 0
				for _, x := range n.Children {
					if x.String() == limit.String() {
						found++
					}
				}
				if found != c.announced {
					t.Errorf("%s announces it %d times", to, found)
				}
			}
		})
	}
	if maxReactions != 20 {
		t.Error("another bound is kept")
	}
}
