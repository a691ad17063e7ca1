package main_test

import (
	"encoding/xml"
	"maps"
	"slices"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestContactOfGateway: the addresses in the configuration are what a stranger
// finds with the gateway, and nothing else is (xeps.md 0157.1, .3).
func TestContactOfGateway(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		r := &rig{t: t, server: lab.Servers[server](t, peer.Options{}), centre: lab.StartCentre(t, peer.Node, peer.Secret)}
		r.gateway = newGateway(t, settings{
			Server: r.server.Component, Centre: r.centre.Address,
			Extra: "admins: [carol@localhost]\ncontact: {abuse: [\"mailto:abuse@localhost\"], status: [\"https://status.localhost/\"]}\n",
		})
		r.gateway.start()
		u := r.login(t, "alice")
		u.Do(map[string]any{"do": "discover", "to": domain})
		var info struct {
			Forms []struct {
				Fields []struct {
					Name   string   `xml:"var,attr"`
					Values []string `xml:"value"`
				} `xml:"field"`
			} `xml:"query>x"`
		}
		e := u.Wait("disco#info", answer)
		if err := xml.Unmarshal([]byte(e.XML), &info); err != nil || len(info.Forms) != 1 {
			t.Fatalf("0128.1: %v, %s", err, e.XML)
		}
		got := map[string][]string{}
		for _, f := range info.Forms[0].Fields {
			got[f.Name] = f.Values
		}
		if want := map[string][]string{
			"FORM_TYPE":        {"http://jabber.org/network/serverinfo"},
			"abuse-addresses":  {"mailto:abuse@localhost"},
			"admin-addresses":  {"xmpp:carol@localhost"},
			"status-addresses": {"https://status.localhost/"},
		}; !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("0157.1: %q", got)
		}
	})
}
