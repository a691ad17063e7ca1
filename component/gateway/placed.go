package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// keepPlaced notes what became of contacts in a roster, in the lane of the user,
// who may have changed their subscriptions meanwhile.
func (g *Gateway) keepPlaced(id bridges.AccountID, wishes []wish) {
	g.enqueueControl(id, true, step{run: func(ctx context.Context) {
		if _, registered, err := g.accounts.find(ctx, id); err != nil || !registered {
			return
		}
		t := g.begin(id, mapping.Key{})
		var shown []*stanza.Out
		for i := range wishes {
			w := &wishes[i]
			c, _, err := g.store.Contact(ctx, g.domain, id, w.contact.ID)
			if err != nil {
				return // the next log-in finds them in the roster
			}
			if !w.read || c.Subscription != w.contact.Subscription {
				continue
			}
			c.Bridge, c.Account, c.ID, c.Name = g.domain, id, w.contact.ID, w.contact.Name
			if o := g.notePlaced(t, w, &c); o != nil {
				shown = append(shown, o)
			}
		}
		g.finish(ctx, t)
		p := pace{gap: paceGap}
		for _, o := range shown {
			g.send(ctx, o)
			if p.wait(ctx) != nil {
				return
			}
		}
	}})
}

// notePlaced notes one contact, and returns its presence if the user is to see
// that now. Where the server did not make the subscription with the item, the
// contact asks, which a server that knows it as approved answers by itself.
func (g *Gateway) notePlaced(t *tx, w *wish, c *mapping.Contact) (shown *stanza.Out) {
	switch {
	case w.item == nil && w.fresh():
		return nil // it will be asked
	case w.item == nil: // taken out while we were away
		c.Subscription = mapping.RemovedByUser
	case w.fresh() && w.item.Subscription == "both":
		c.Subscription = mapping.PlacedByUs | mapping.SeesContact | mapping.SeenByUs
		shown = g.contactPresence(g.contactJID(c.ID), string(c.Account))
	case w.fresh():
		c.Subscription = mapping.PlacedByUs | mapping.AskedByUs | mapping.AskedOnce
		t.send(g.asks(*c))
	}
	if w.item != nil && w.item.Name == nameOf(*c) {
		c.Placed = w.item.Name
	}
	t.batch.PutContacts = append(t.batch.PutContacts, *c)
	return shown
}
