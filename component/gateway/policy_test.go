package gateway

import (
	"testing"
	"time"
)

func TestSetPolicy(t *testing.T) {
	g := new(Gateway)
	g.SetPolicy(Policy{Allow: []string{"Example.org", "bob@example.net"}})
	for id, want := range map[string]bool{
		"alice@example.org": true, "bob@example.net": true, "eve@example.net": false, "example.org": true, "": false,
	} {
		if got := g.admits(accountOf(id)); got != want {
			t.Errorf("admits(%q) = %v", id, got)
		}
	}
	if p := g.policy.Load(); p.hold != 24*time.Hour || p.accountLimit != 1000 || p.bridgeLimit != 100_000 {
		t.Errorf("defaults: %+v", p)
	}
	g.SetPolicy(Policy{Allow: []string{"example.net"}, Hold: time.Hour, AccountLimit: 1, BridgeLimit: 2})
	if !g.admits("eve@example.net") || g.admits("alice@example.org") {
		t.Error("the list has not changed")
	}
	if p := g.policy.Load(); p.hold != time.Hour || p.accountLimit != 1 || p.bridgeLimit != 2 {
		t.Errorf("not taken over: %+v", p)
	}
}
