package gateway

import (
	"context"
	"sync"
	"sync/atomic"

	"causeway/component/stanza"
	"causeway/mapping"
)

// inherited is what a predecessor may have written to the server and what is
// yet to be sent here: the link knows such a stanza by its key, does not write
// it again, and may hear before that what became of it.
type inherited struct {
	used   atomic.Bool // something was ever added
	mu     sync.Mutex
	unsent map[mapping.Key]bool      // records whose turn is yet to come
	held   map[mapping.Key][]*held   // what waits for their settlement
	ids    map[string]bool           // of the stanzas of these that may bounce
	errors map[string]returnedStanza // that came for them
}

// held is a settlement that is reported when the last of some keys is.
type held struct {
	keys int
	done func()
}

// returnedStanza is an error that waits for the turn of what it is about.
type returnedStanza struct {
	s   *stanza.Stanza
	key mapping.Key
}

func (h *inherited) init() {
	h.unsent, h.held = map[mapping.Key]bool{}, map[mapping.Key][]*held{}
	h.ids, h.errors = map[string]bool{}, map[string]returnedStanza{}
}

// add enters a record of the journal; id is that of a stanza that it becomes,
// if the server may return that.
func (h *inherited) add(k mapping.Key, id string) {
	h.used.Store(true)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unsent[k] = true
	if id != "" {
		h.ids[id] = true
	}
}

func (h *inherited) isUnsent(k mapping.Key) bool {
	if !h.used.Load() {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.unsent[k]
}

// sent says that a record has become a flight.
func (h *inherited) sent(k mapping.Key) {
	if !h.used.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.unsent, k)
}

// wait tells whether a record is yet to be sent; then x waits for it, too.
func (h *inherited) wait(k mapping.Key, x *held) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.unsent[k] {
		return false
	}
	x.keys++
	h.held[k] = append(h.held[k], x)
	return true
}

// over says that a record is settled or will never be sent, and returns what
// waits for nothing else.
func (h *inherited) over(keys ...mapping.Key) (ready []func()) {
	if !h.used.Load() {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range keys {
		delete(h.unsent, k)
		for _, x := range h.held[k] {
			if x.keys--; x.keys == 0 {
				ready = append(ready, x.done)
			}
		}
		delete(h.held, k)
	}
	return ready
}

// ready counts one reason to wait out, and tells whether it was the last.
func (h *inherited) ready(x *held) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	x.keys--
	return x.keys == 0
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
		g.unwatch(fl.key)
	}
	return ok
}

// unwatch says that a record has had its turn. If it was not sent, nothing will
// settle it once more.
func (g *Gateway) unwatch(k mapping.Key) {
	if !g.inherited.isUnsent(k) {
		return
	}
	for _, done := range g.inherited.over(k) {
		g.store.Behind(&mapping.Batch{Done: done})
	}
}
