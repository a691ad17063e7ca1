package gateway

import (
	"strings"
	"time"

	"causeway/bridges"
)

// Policy is the part of a Config that may change while the gateway runs. Its
// fields have the meaning and the defaults that they have there.
type Policy struct {
	Allow                     []string
	Hold                      time.Duration
	AccountLimit, BridgeLimit int
}

// policy is a Policy in use. It never changes.
type policy struct {
	allow                     map[string]bool // bare JIDs and domains
	hosts                     map[string]bool // of those
	hold                      time.Duration
	accountLimit, bridgeLimit int
}

// SetPolicy makes p hold for all that comes from now on. What is accepted
// already keeps its time limit. It does not block; call it at any time.
func (g *Gateway) SetPolicy(p Policy) {
	c := withDefaults(Config{Hold: p.Hold, AccountLimit: p.AccountLimit, BridgeLimit: p.BridgeLimit})
	fresh := &policy{
		allow: make(map[string]bool, len(p.Allow)), hosts: map[string]bool{}, hold: c.Hold,
		accountLimit: c.AccountLimit, bridgeLimit: c.BridgeLimit,
	}
	for _, j := range p.Allow {
		j = strings.ToLower(j)
		fresh.allow[j] = true
		fresh.hosts[j[strings.Index(j, "@")+1:]] = true
	}
	g.policy.Store(fresh)
}

// admits tells whether an account may use the gateway.
func (g *Gateway) admits(id bridges.AccountID) bool {
	allow := g.policy.Load().allow
	_, domain, ok := strings.Cut(string(id), "@")
	return allow[string(id)] || ok && allow[domain]
}

// serves tells whether users of a host may use the gateway.
func (g *Gateway) serves(host string) bool { return g.policy.Load().hosts[host] }
