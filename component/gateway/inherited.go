package gateway

import (
	"context"
	"sync"
	"sync/atomic"

	"causeway/component/stanza"
	"causeway/mapping"
)

// inherited are the stanzas that a predecessor may have written to the server
// and that are yet to be sent here: one may come back before its turn.
type inherited struct {
	used   atomic.Bool // something was ever added
	mu     sync.Mutex
	ids    map[string]bool           // of the stanzas
	errors map[string]returnedStanza // that came for them
}

// returnedStanza is an error that waits for the turn of what it is about.
type returnedStanza struct {
	s   *stanza.Stanza
	key mapping.Key
}

func (h *inherited) init() {
	h.ids, h.errors = map[string]bool{}, map[string]returnedStanza{}
}

// add enters the id of a stanza that a record of the journal becomes.
func (h *inherited) add(id string) {
	if id == "" {
		return
	}
	h.used.Store(true)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids[id] = true
}

// returns keeps an error until the turn of the stanza that it is about; false:
// no such stanza is yet to be sent.
func (h *inherited) returns(s *stanza.Stanza, key mapping.Key) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ids[s.ID] {
		return false
	}
	h.errors[s.ID] = returnedStanza{s, key}
	return true
}

// take says that the turn of a stanza has come, and returns its error.
func (h *inherited) take(id string) (r returnedStanza, ok bool) {
	if !h.used.Load() {
		return r, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok = h.errors[id]
	delete(h.ids, id)
	delete(h.errors, id)
	return r, ok
}

// hasReturned tells whether the server has returned what fl is about before it
// was sent here; then it is kept as what bounces is.
func (g *Gateway) hasReturned(ctx context.Context, fl *flight) bool {
	if fl.keep == nil {
		return false
	}
	r, ok := g.inherited.take(fl.id)
	if ok && g.flights.bounced(fl.account, fl.id) != nil {
		g.onBounce(ctx, r.s, r.key, fl)
	}
	return ok
}
