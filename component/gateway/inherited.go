package gateway

import (
	"context"
	"sync"
	"sync/atomic"

	"causeway/component/stanza"
	"causeway/mapping"
)

// inherited are the stanzas that a predecessor may have written to the server
// and whose turn is yet to come here: one may be settled or come back before.
type inherited struct {
	used  atomic.Bool // something was ever added
	mu    sync.Mutex
	byID  map[string]*bequest
	byKey map[mapping.Key]*bequest
}

// bequest is one of them.
type bequest struct {
	id      string
	key     mapping.Key
	event   *incoming // that it tells the user about; nil: it is a stanza of ours
	settled bool      // the link is done with it
	// failure is the error that came for it, under a key of its own. It waits
	// for the turn of what it is about.
	failure *stanza.Stanza
	under   mapping.Key
}

func (h *inherited) init() {
	h.byID, h.byKey = map[string]*bequest{}, map[mapping.Key]*bequest{}
}

// add enters the stanza that a record of the journal becomes.
func (h *inherited) add(id string, key mapping.Key, event *incoming) {
	if id == "" {
		return
	}
	h.used.Store(true)
	h.mu.Lock()
	defer h.mu.Unlock()
	q := &bequest{id: id, key: key, event: event}
	h.byID[id], h.byKey[key] = q, q
}

// returns keeps an error until the turn of the stanza that it is about; false:
// no such stanza is yet to be sent. Repeated tells that one is kept already.
func (h *inherited) returns(s *stanza.Stanza, key mapping.Key) (ok, repeated bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := h.byID[s.ID]
	switch {
	case q == nil:
		return false, false
	case q.failure != nil:
		return true, true
	}
	q.failure, q.under = s, key
	return true, false
}

// settles says that the link is done with a stanza. It returns the event that the
// server has now, if it is one, and whether the stanza had come back.
func (h *inherited) settles(key mapping.Key) (event *incoming, failed bool) {
	if !h.used.Load() {
		return nil, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	q := h.byKey[key]
	if q == nil {
		return nil, false
	}
	q.settled = true
	return q.event, q.failure != nil
}

// take says that the turn of a stanza has come. It returns what is known of
// one that has come back.
func (h *inherited) take(id string) (q bequest, failed bool) {
	if !h.used.Load() {
		return q, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.byID[id]; p != nil {
		q = *p
		delete(h.byID, id)
		delete(h.byKey, q.key)
	}
	return q, q.failure != nil
}

// hasReturned tells whether the server has returned what fl is about before it
// was sent here; then it is kept as what bounces is.
func (g *Gateway) hasReturned(ctx context.Context, fl *flight) bool {
	if fl.keep == nil {
		return false
	}
	q, failed := g.inherited.take(fl.id)
	if !failed {
		return false
	}
	if g.flights.bounced(fl.account, fl.id) != nil {
		if q.settled {
			g.flights.hasReturned(fl.key) // nobody else will ask
		}
		g.onBounce(ctx, q.failure, q.under, fl)
	}
	return true
}
