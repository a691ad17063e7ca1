package gateway

import (
	"sync"

	"causeway/bridges"
)

// resourceLimit bounds the resources that are remembered for one user.
const resourceLimit = 50

// people knows which users are online, as far as they showed it, and for whom
// messages wait that their own server did not take.
type people struct {
	mu sync.Mutex
	m  map[bridges.AccountID]*person
}

type person struct {
	resources map[string]bool
	shown     bool           // got the presence of the contacts since the link is up
	waiting   int            // messages that wait for the user's return
	tries     map[string]int // how often each was bounced, by stanza id
}

func newPeople() *people { return &people{m: map[bridges.AccountID]*person{}} }

func (p *people) get(id bridges.AccountID) *person {
	x := p.m[id]
	if x == nil {
		x = &person{resources: map[string]bool{}}
		p.m[id] = x
	}
	return x
}

func (p *people) tidy(id bridges.AccountID) {
	if x := p.m[id]; x != nil && len(x.resources) == 0 && x.waiting == 0 && len(x.tries) == 0 {
		delete(p.m, id)
	}
}

// came notes an available resource. It tells whether it is new, and whether
// the user has yet to be shown the contacts.
func (p *people) came(id bridges.AccountID, resource string) (fresh, show bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.get(id)
	fresh = !x.resources[resource]
	if len(x.resources) < resourceLimit {
		x.resources[resource] = true
	}
	show, x.shown = !x.shown, true
	return fresh, show
}

// left notes that a resource is gone. It tells whether it was the last one.
func (p *people) left(id bridges.AccountID, resource string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	if x == nil || !x.resources[resource] {
		return false
	}
	delete(x.resources, resource)
	last := len(x.resources) == 0
	p.tidy(id)
	return last
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

// bounced counts a message that came back. It returns how often it had done
// so before, and how many others wait.
func (p *people) bounced(id bridges.AccountID, stanzaID string) (tries, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.get(id)
	tries, waiting = x.tries[stanzaID], x.waiting
	if tries < bounceTries && waiting < bounceLimit {
		x.waiting++
	}
	delete(x.tries, stanzaID)
	return tries, waiting
}

// waits notes what the store holds for a user at the start.
func (p *people) waits(id bridges.AccountID, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.get(id).waiting += n
}

func (p *people) hasBounced(id bridges.AccountID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m[id] != nil && p.m[id].waiting > 0
}

// forgetBounced says that all that waits is being sent.
func (p *people) forgetBounced(id bridges.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.get(id)
	x.waiting, x.tries = 0, nil
}

// tried remembers the attempts at a message that is on its way again.
func (p *people) tried(id bridges.AccountID, stanzaID string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.get(id)
	if x.tries == nil {
		x.tries = map[string]int{}
	}
	x.tries[stanzaID] = n
}
