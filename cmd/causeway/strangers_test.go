package main_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// strangerOrders are what a client does for a row of the table in docs/user.md.
var strangerOrders = map[string][]map[string]any{
	"a message to a phone":             {{"do": "send", "to": contact, "id": "stranger", "body": "Hello?"}},
	"a message to the gateway":         {{"do": "send", "to": domain, "id": "stranger", "body": "help"}},
	"a contact request to a phone":     {{"do": "presence", "to": contact, "type": "subscribe"}},
	"a contact request to the gateway": {{"do": "presence", "to": domain, "type": "subscribe"}},
	"a request for the registration form": {{
		"do": "iq", "to": domain, "xml": "<query xmlns='jabber:iq:register'/>",
	}},
	"a number to make an address of": {{
		"do": "iq", "to": domain, "type": "set", "xml": "<query xmlns='jabber:iq:gateway'><prompt>(202) 555-0100</prompt></query>",
	}},
	"the command `status`":     {{"do": "command", "to": domain, "node": "status"}},
	"the command `unregister`": {{"do": "command", "to": domain, "node": "unregister"}},
	"the card of a phone":      {{"do": "iq", "to": contact, "xml": "<vCard xmlns='vcard-temp'/>"}},
	"its picture": {{
		"do": "iq", "to": contact, "xml": "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:avatar:metadata'/></pubsub>",
	}},
	"the card of the gateway": {{"do": "iq", "to": domain, "xml": "<vCard xmlns='vcard-temp'/>"}},
	"a search":                {{"do": "iq", "to": domain, "xml": "<query xmlns='jabber:iq:search'/>"}},
	"the list of commands": {{
		"do": "iq", "to": domain, "xml": "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>",
	}},
	"a ping, or a question what this is": {
		{"do": "iq", "to": domain, "xml": "<ping xmlns='urn:xmpp:ping'/>"},
		{"do": "discover", "to": domain},
		{"do": "discover", "to": contact},
	},
}

var strangerRow = regexp.MustCompile("(?m)^\\| (.+) \\| .*`(\\S+)` \\| .*`(\\S+)` \\|$")

// TestStrangers compares the table of docs/user.md with what happens to two who
// are not registered (xeps.md 0100.31, .35).
func TestStrangers(t *testing.T) {
	text, err := os.ReadFile("../../docs/user.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := strangerRow.FindAllStringSubmatch(string(text), -1)
	if len(rows) != len(strangerOrders) {
		t.Errorf("the table has %d rows, and the test %d", len(rows), len(strangerOrders))
	}
	each(t, func(t *testing.T, server string) {
		r := &rig{t: t, server: lab.Servers[server](t, peer.Options{Users: []string{"alice", "mallory"}}), centre: lab.StartCentre(t, peer.Node, peer.Secret)}
		r.gateway = newGateway(t, settings{Server: r.server.Component, Centre: r.centre.Address, Allow: "alice@" + peer.Domain})
		r.gateway.start()
		alice, mallory := r.login(t, "alice"), r.login(t, "mallory")
		for _, row := range rows {
			for _, order := range strangerOrders[row[1]] {
				alice.tries(t, row[1], order, row[2])
				mallory.tries(t, row[1], order, row[3])
			}
		}
		r.centre.None()
		if s := r.gateway.status(); s.Accounts != 0 {
			t.Errorf("%d accounts", s.Accounts)
		}
	})
}

// tries has u do something, and wants that to come of it.
func (u *user) tries(t *testing.T, what string, order map[string]any, want string) {
	t.Helper()
	u.Do(order)
	e := u.Wait("what comes of "+what, func(e peer.Event) bool {
		switch order["do"] {
		case "send":
			return e.Event == "message" && of(e, order["to"].(string))
		case "presence":
			return e.Event == "presence" && strings.Contains(e.Type, "subscribed")
		}
		return answer(e)
	})
	got := e.Type
	switch {
	case e.Type == "error":
		got = e.Condition
	case order["do"] == "send":
		got = "answer"
	}
	if got != want {
		t.Errorf("%s: %s, not %s: %+v", what, got, want, e)
	}
}
