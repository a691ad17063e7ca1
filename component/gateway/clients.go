package gateway

import (
	"strings"

	"causeway/bridges"
	"causeway/component/xep/caps"
)

// client is an available resource of a user.
type client struct {
	seen     bool // it showed itself to the gateway
	priority int8 // negative: it gets nothing that is sent to the bare JID
	caps     caps.Caps
	// hashed: caps.Ver is a hash, and true of all clients that say it.
	hashed       bool
	open         bool // it said caps, and what it can is not known yet
	can          clientFeature
	availability      // how much the user is there with it
	told         bool // of all pictures, and from then on of others
}

// client returns what is known of a resource; nil: it is not there. The caller
// holds the lock.
func (p *people) client(id bridges.AccountID, resource string) *client {
	if x := p.m[id]; x != nil {
		return x.resources[resource]
	}
	return nil
}

// says notes the capabilities that a resource says, when they are others than
// before; can is what they stand for, if known. ask tells that the user has to
// be queued, because a client is to be asked.
func (p *people) says(id bridges.AccountID, resource string, said client, known bool) (news, ask bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x, c := p.m[id], p.client(id, resource)
	if c == nil || c.caps == said.caps && c.hashed == said.hashed {
		return false, false
	}
	c.caps = caps.Caps{Node: strings.Clone(said.caps.Node), Ver: strings.Clone(said.caps.Ver)}
	c.hashed, c.can, c.open = said.hashed, said.can, !known
	ask = c.open && !x.asking
	x.asking = x.asking || ask
	return true, ask
}

// nextOpen returns a client of the user that is to be asked. ok is false when
// there is none any more.
func (p *people) nextOpen(id bridges.AccountID) (resource string, c client, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	if x == nil {
		return "", c, false
	}
	for resource, c := range x.resources {
		if c.open {
			return resource, *c, true
		}
	}
	x.asking = false
	return "", c, false
}

// learns notes what a client that said these capabilities can. False: it is gone
// or says others.
func (p *people) learns(id bridges.AccountID, resource string, said caps.Caps, can clientFeature) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.client(id, resource)
	if c == nil || c.caps != said {
		return false
	}
	was := c.open
	c.open, c.can = false, can
	return was
}

// asksNone gives up asking the clients of a user.
func (p *people) asksNone(id bridges.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	if x == nil {
		return
	}
	x.asking = false
	for _, c := range x.resources {
		c.open = false
	}
}

// capable returns the resources of a user that can do something. all is false
// when there are some of which that is not known yet, or none at all.
func (p *people) capable(id bridges.AccountID, f clientFeature) (resources []string, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	if x == nil {
		return nil, false
	}
	all = len(x.resources) > 0
	for resource, c := range x.resources {
		all = all && !c.open
		if c.can&f != 0 {
			resources = append(resources, resource)
		}
	}
	return resources, all
}

// tells tells whether a client is to be told of all pictures now: it wants to
// know, and does not.
func (p *people) tells(id bridges.AccountID, resource string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.client(id, resource)
	if c == nil || c.told || c.can&wantsPictures == 0 {
		return false
	}
	c.told = true
	return true
}

// told returns the clients of a user that know all pictures and want to know of
// changes.
func (p *people) told(id bridges.AccountID) (resources []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	if x == nil {
		return nil
	}
	for resource, c := range x.resources {
		if c.told && c.can&wantsPictures != 0 {
			resources = append(resources, resource)
		}
	}
	return resources
}
