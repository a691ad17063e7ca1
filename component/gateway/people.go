package gateway

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"causeway/bridges"
)

// resourceLimit bounds the resources that are remembered for one user.
const resourceLimit = 50

// people knows which users are online, as far as they showed it, and for whom
// messages wait that their own server did not take.
type people struct {
	mu      sync.Mutex
	m       map[bridges.AccountID]*person
	waiting atomic.Int64 // of all
	soonest time.Time    // not after the first time at which something is due; zero: nothing is
}

type person struct {
	resources map[string]*client // available ones
	shown     bool               // got the presence of the contacts since the link is up
	since     time.Time          // listens tells true since then
	waiting   int                // messages that wait for the user's return
	next      time.Time          // when one of them may be tried although he does not come
	asking    bool               // one of the clients is being asked, or will be
}

func newPeople() *people { return &people{m: map[bridges.AccountID]*person{}} }

func (p *people) get(id bridges.AccountID) *person {
	x := p.m[id]
	if x == nil {
		x = &person{resources: map[string]*client{}}
		p.m[clone(id)] = x
	}
	return x
}

func (p *people) tidy(id bridges.AccountID) {
	if x := p.m[id]; x != nil && len(x.resources) == 0 && x.waiting == 0 {
		delete(p.m, id)
	}
}

// news is what a presence changes.
type news struct {
	fresh bool // the gateway sees the resource for the first time
	show  bool // the user has yet to be shown the contacts
	// arrived: the server takes messages to the user from now on, as it does not
	// while all resources have a negative priority (RFC 6121 §8.5.2).
	arrived bool
}

// came notes that a resource showed itself as available, to the gateway itself
// or to a contact only: a priority told to a contact counts only of a resource
// that the gateway itself never saw.
func (p *people) came(id bridges.AccountID, resource string, priority int8, toGateway bool, now time.Time) (n news) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.get(id)
	before := x.listens()
	c := x.resources[resource]
	n.fresh = toGateway && (c == nil || !c.seen)
	if c == nil && len(x.resources) < resourceLimit {
		c = new(client)
		x.resources[strings.Clone(resource)] = c
	}
	if c != nil && (toGateway || !c.seen) {
		c.seen, c.priority = toGateway, priority
	}
	if n.arrived = !before && priority >= 0; n.arrived {
		x.since = now
	}
	n.show, x.shown = !x.shown, true
	return n
}

// listens tells whether the server takes messages to the user.
func (x *person) listens() bool {
	for _, c := range x.resources {
		if c.priority >= 0 {
			return true
		}
	}
	return false
}

// listensSince tells since when a user has a resource that gets what is sent to
// the bare JID; zero: there is none.
func (p *people) listensSince(id bridges.AccountID) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x := p.m[id]; x != nil && x.listens() {
		return x.since
	}
	return time.Time{}
}

// left notes that a resource is gone. What is addressed to a contact counts
// only of a resource that the gateway itself never saw. It tells whether the
// gateway saw it, and it was the user's last one.
func (p *people) left(id bridges.AccountID, resource string, toGateway bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	if x == nil {
		return false
	}
	c := x.resources[resource]
	if c == nil || c.seen && !toGateway {
		return false
	}
	delete(x.resources, resource)
	last := len(x.resources) == 0
	x.shown = x.shown && !last
	p.tidy(id)
	return last && toGateway
}

// loggedOut forgets the resources of one user.
func (p *people) loggedOut(id bridges.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x := p.m[id]; x != nil {
		clear(x.resources)
		x.shown = false
		p.tidy(id)
	}
}

// isOnline tells whether a user has an available resource.
func (p *people) isOnline(id bridges.AccountID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	return x != nil && len(x.resources) > 0
}

// online returns the users with an available resource.
func (p *people) online() []bridges.AccountID {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := make([]bridges.AccountID, 0, len(p.m))
	for id, x := range p.m {
		if len(x.resources) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// lost forgets who is online: the link is down, and presence is asked for again.
func (p *people) lost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, x := range p.m {
		clear(x.resources)
		x.shown = false
		p.tidy(id)
	}
}
