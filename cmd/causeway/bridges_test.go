package main_test

import (
	"fmt"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const second = `  - domain: sms2.localhost
    network: sms
    secret: %s
    allow: [localhost]
    region: US
    numbers: {pool: ["+12025550300"]}
    connectors:
      - smpp: {address: "%s", system_id: causeway, password: "%s"}
`

// TestTwoBridges has two in one process, each with a link and a centre of its
// own. One that the server refuses harms only itself.
func TestTwoBridges(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		s := lab.Servers[server](t, peer.Options{Components: []string{domain, "sms2.localhost"}})
		one, two := lab.StartCentre(t, peer.Node, peer.Secret), lab.StartCentre(t, peer.Node, peer.Secret)
		extra := func(secret string) string { return fmt.Sprintf(second, secret, two.Address, peer.Secret) }
		r := &rig{t: t, server: s, centre: one, gateway: newGateway(t, settings{
			Server: s.Component, Centre: one.Address, Extra: extra("SECRET-wrong"),
		})}
		r.gateway.launch(func() error { return nil })
		r.gateway.awaitDown("wrong secret for sms2.localhost")
		u := r.registered(t, "alice")
		u.Send(contact, "1", "by the first")
		if got := one.Next("submit"); got.Text != "by the first" || got.From != u.number {
			t.Errorf("the first centre got %+v", got)
		}
		r.gateway.stop()

		r.gateway.configure(func(s *settings) { s.Extra = extra(peer.Secret) })
		r.gateway.start()
		u.Do(map[string]any{"do": "register", "to": "sms2.localhost"})
		u.Wait("the second welcome", func(e peer.Event) bool {
			return e.From == "sms2.localhost" && strings.Contains(e.Body, "+12025550300")
		})
		u.Send("+12025550100@sms2.localhost", "2", "by the second")
		if got := two.Next("submit"); got.Text != "by the second" || got.From != "12025550300" {
			t.Errorf("the second centre got %+v", got)
		}
		one.None()
	})
}
