package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

const (
	// askGap is between two questions to one user, and askLimit bounds them at
	// one log-in: each is a window that opens before somebody who has asked for
	// nothing.
	askGap   = time.Second
	askLimit = 20
)

// asking are contacts of an account that will ask for a subscription, one by
// one.
type asking struct {
	account  bridges.AccountID
	contacts []wish
	// after is how long the first waits: another client of the user may be about
	// to come, and to take suggestions.
	after time.Duration
}

// askLater has the contacts ask of whom the user's roster knows nothing and who
// never did. It does not block; when too many wait, the next log-in does it.
func (g *Gateway) askLater(id bridges.AccountID, wishes []wish) {
	a := asking{account: id}
	for i := range wishes {
		if w := &wishes[i]; fresh(w.was) && w.item == nil && len(a.contacts) < askLimit {
			a.contacts = append(a.contacts, *w)
			if w.listed {
				a.after = askGap
			}
		}
	}
	if len(a.contacts) == 0 {
		return
	}
	select {
	case g.rosters.asks <- a:
	default:
		g.countDropped("too many rosters")
	}
}

// askSlowly asks until the gateway ends: of each account one contact at a time.
func (g *Gateway) askSlowly(ctx context.Context) {
	left := map[bridges.AccountID][]wish{}
	tick := time.NewTimer(askGap)
	defer tick.Stop()
	for {
		asks, due := g.rosters.asks, tick.C
		if len(left) >= rosterQueue {
			asks = nil
		}
		if len(left) == 0 {
			due = nil
		}
		select {
		case <-ctx.Done():
			return
		case a := <-asks:
			if len(left) == 0 {
				tick.Reset(a.after)
			}
			left[a.account] = a.contacts
		case <-due:
			for id, contacts := range left {
				g.askOnce(contacts[0])
				if left[id] = contacts[1:]; len(contacts) == 1 {
					delete(left, id)
				}
			}
			tick.Reset(askGap)
		}
	}
}

// askOnce has a contact ask, unless it did, or the user or the network has had to
// do with it meanwhile (xeps.md 0100.37).
func (g *Gateway) askOnce(w wish) {
	id := w.was.Account
	g.enqueueControl(id, false, step{run: func(ctx context.Context) {
		if _, registered, err := g.accounts.find(ctx, id); err != nil || !registered {
			return
		}
		c, there, err := g.store.Contact(ctx, g.domain, id, w.was.ID)
		if err != nil || !fresh(c) || w.age != g.rosters.age(id) || !g.rosters.mayAsk(id) {
			return
		}
		if !there {
			c = w.contact
		}
		c.Subscription |= unanswered
		t := g.begin(id, mapping.Key{})
		t.batch.PutContacts = []mapping.Contact{c}
		t.send(g.asks(c))
		g.finish(ctx, t)
	}})
}

// mayAsk counts one more question to a user, if the limit allows it.
func (r *rosters) mayAsk(id bridges.AccountID) bool {
	n, _ := r.asked.Get(id)
	if n >= askLimit {
		return false
	}
	r.asked.Set(id, n+1)
	return true
}
