package lab_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestClient tries what a client can do beside talking.
func TestClient(t *testing.T) {
	lab.Each(t, func(t *testing.T, server string, privileged bool) {
		s := lab.Servers[server](t, peer.Options{Unprivileged: !privileged})
		one, two := lab.SlixmppAt(t, s, "alice", "one"), lab.SlixmppAt(t, s, "alice", "two")
		pushes(t, one)
		refusal(t, one)
		priority(t, one, two)
		features(t, one, two)
	})
}

func iq(e peer.Event) bool { return e.Event == "iq" }

func ok(t *testing.T, e peer.Event) {
	t.Helper()
	if e.Type != "result" || !strings.Contains(e.XML, "<iq") {
		t.Errorf("the answer is %+v", e)
	}
}

func pushes(t *testing.T, c *lab.Client) {
	c.Do(map[string]any{"do": "iq", "type": "set", "xml": "<query xmlns='jabber:iq:roster'>" +
		"<item jid='+12025550100@sms.localhost' name='Zo\u00eb'><group>Phones</group></item></query>"})
	var push, answer peer.Event
	c.Wait("a push and the answer", func(e peer.Event) bool {
		switch e.Event {
		case "push":
			push = e
		case "iq":
			answer = e
		}
		return push.Event != "" && answer.Event != ""
	})
	ok(t, answer)
	want := []peer.Item{{JID: "+12025550100@sms.localhost", Name: "Zo\u00eb", Groups: []string{"Phones"}, Subscription: "none"}}
	if !reflect.DeepEqual(push.Items, want) {
		t.Errorf("pushed %+v, want %+v", push.Items, want)
	}
	c.Do(map[string]any{"do": "presence", "to": "+12025550100@sms.localhost", "type": "subscribe"})
	push = c.Wait("a push", func(e peer.Event) bool { return e.Event == "push" })
	if want[0].Ask = "subscribe"; !reflect.DeepEqual(push.Items, want) {
		t.Errorf("pushed %+v, want %+v", push.Items, want)
	}
}

func refusal(t *testing.T, c *lab.Client) {
	c.Do(map[string]any{"do": "iq", "to": "localhost", "type": "set", "xml": "<query xmlns='urn:example:none'/>"})
	if e := c.Wait("an error", iq); e.Type != "error" || e.Condition == "" || !strings.Contains(e.XML, "<error") {
		t.Errorf("the answer is %+v", e)
	}
}

func priority(t *testing.T, one, two *lab.Client) {
	one.Do(map[string]any{"do": "priority", "value": -1})
	two.Wait("the priority", func(e peer.Event) bool {
		return e.From == "alice@localhost/one" && strings.Contains(e.XML, "<priority>-1</priority>")
	})
}

// features: the server itself believes that one wants the avatars.
func features(t *testing.T, one, two *lab.Client) {
	const feature = "urn:xmpp:avatar:metadata+notify"
	one.Do(map[string]any{"do": "features", "add": []string{feature}})
	ver := one.Wait("the features", func(e peer.Event) bool { return e.Event == "features" }).Body
	two.Wait("the capabilities", func(e peer.Event) bool {
		return e.Event == "presence" && e.From == "alice@localhost/one" && strings.Contains(e.XML, ver) &&
			strings.Contains(e.XML, "<priority>-1</priority>")
	})
	two.Do(map[string]any{"do": "discover", "to": "alice@localhost/one"})
	if e := two.Wait("an answer", iq); !slices.Contains(e.Features, feature) {
		t.Errorf("the features are %q", e.Features)
	}
	two.Do(map[string]any{"do": "iq", "type": "set", "xml": "<pubsub xmlns='http://jabber.org/protocol/pubsub'>" +
		"<publish node='urn:xmpp:avatar:metadata'><item id='none'><metadata xmlns='urn:xmpp:avatar:metadata'/></item></publish></pubsub>"})
	ok(t, two.Wait("an answer", iq))
	one.Wait("the avatar", func(e peer.Event) bool {
		return e.Event == "other" && strings.Contains(e.XML, "http://jabber.org/protocol/pubsub#event")
	})
}
