package gateway

import (
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// TestNoReply: who cannot be written to says so, and nobody else does; who
// writes nonetheless is told why that is of no use (xeps.md 0506.1-3).
func TestNoReply(t *testing.T) {
	const info = `<query xmlns='http://jabber.org/protocol/disco#info'/>`
	r := newRig(t, func(c *Config) { c.Bridge.(*bridgetest.Bridge).SetOneWay(phone) })
	r.bridge.SetProfile(phone, bridges.Profile{Name: "Google"})
	vers := map[string]string{}
	for _, jid := range []string{phoneJID, "+12025550101@" + domain, "+12025550102@" + domain} {
		r.Send(presence("subscribe", alice, jid))
		r.Receive(presence("subscribed", jid, alice))
		n := r.Receive(`<presence from='` + jid + `/gateway' to='alice@example.org'>` + anyCaps + `</presence>`)
		r.Receive(`<presence type='subscribe' from='` + jid + `' to='alice@example.org'><any/></presence>`)
		vers[jid] = n.Children[0].Attr["ver"]
		for _, to := range []string{jid, jid + "/gateway"} {
			for _, node := range []string{"", capsNode + "#" + vers[jid]} {
				got := r.ask(to, strings.Replace(info, "/>", ` node='`+node+`'/>`, 1), strings.Replace(anyInfo, "info'", "info' node='"+node+"'", 1)).String()
				if strings.Contains(got, "urn:xmpp:noreply:0") != (jid == phoneJID) {
					t.Errorf("0506.1-2, 0115.3: %s with the node %q: %s", to, node, got)
				}
			}
		}
	}
	if vers[phoneJID] == vers["+12025550101@"+domain] || vers["+12025550101@"+domain] != vers["+12025550102@"+domain] {
		t.Errorf("0506.3, 0115.4: %q", vers)
	}
	if got := r.ask(domain, info, anyInfo).String(); strings.Contains(got, "noreply") {
		t.Errorf("0506.1: the gateway says %s", got)
	}
	r.Send(text("a", "Hello?"))
	r.Receive(stanzaError("a", "cancel", "feature-not-implemented")) // 0506.1
	r.asks(phoneJID, askCard, `<vCard xmlns='vcard-temp'><FN>Google</FN><NICKNAME>Google</NICKNAME><DESC>Nobody reads what is sent there.</DESC><any/></vCard>`)
}
