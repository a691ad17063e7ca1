package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/roster"
	"causeway/mapping"
)

// keepPlaced notes what became of contacts in a roster, in the lane of the user,
// who may have changed them meanwhile: what was, is left to the next time.
func (g *Gateway) keepPlaced(id bridges.AccountID, wishes []wish) {
	g.enqueueControl(id, true, step{run: func(ctx context.Context) {
		if _, registered, err := g.accounts.find(ctx, id); err != nil || !registered {
			return
		}
		t := g.begin(id, mapping.Key{})
		var shown []*stanza.Out
		for i := range wishes {
			w := &wishes[i]
			c, there, err := g.store.Contact(ctx, g.domain, id, w.was.ID)
			if err != nil {
				return // the next log-in finds them in the roster
			}
			c.Bridge, c.Account, c.ID = w.was.Bridge, w.was.Account, w.was.ID
			if c != w.was {
				continue
			}
			if !there && w.age != g.rosters.age(id) {
				g.notePlacedTooLate(t, w)
				continue
			}
			if o := g.notePlaced(t, w, c, there); o != nil {
				shown = append(shown, o)
			}
		}
		g.finish(ctx, t)
		p := pace{gap: paceGap}
		for _, o := range shown {
			g.send(ctx, o)
			for _, news := range g.pictureNews(id, localOf(o.From)) {
				g.send(ctx, news)
			}
			if p.wait(ctx) != nil {
				return
			}
		}
	}})
}

// notePlaced notes what a roster has of one contact, and returns its presence if
// the user is to see that now. Where the server did not make the subscription
// with the item, the contact asks, which a server that knows it as approved
// answers by itself. Of a roster that was not read only the name is noted.
func (g *Gateway) notePlaced(t *tx, w *wish, c mapping.Contact, there bool) (shown *stanza.Out) {
	c.Name = w.contact.Name
	switch {
	case !w.read && !there:
		return nil
	case added(c) && (w.item == nil || w.item.Subscription != roster.Both):
		c.Subscription &^= mapping.AddedByUser
		if c.Subscription&mapping.SeenByUs == 0 { // else it has asked, and the user has accepted
			c.Subscription |= mapping.AskedByUs
			t.send(g.asks(c))
		}
	case !w.read:
	case leaves(c):
		g.noteLeft(t, w, c)
		return nil
	case w.item == nil && w.pending():
		return nil // it will ask, or has, or was suggested
	case w.item == nil: // taken out while we were away
		t.leaves(g, c.ID)
		c = mapping.Contact{Bridge: c.Bridge, Account: c.Account, ID: c.ID, Subscription: mapping.RemovedByUser}
	case w.pending() && w.item.Subscription == roster.Both:
		if c.Subscription&mapping.SeesContact == 0 {
			shown = g.contactPresence(g.contactJID(c.ID), string(c.Account))
		}
		c.Subscription = c.Subscription&mapping.NamedByUser | mapping.PlacedByUs | mapping.SeesContact | mapping.SeenByUs
	case fresh(c), w.offered():
		c.Subscription |= mapping.PlacedByUs | mapping.AskedByUs | mapping.AskedOnce
		t.send(g.asks(c))
	}
	if w.item != nil {
		noteName(&c, w.item.Name)
	}
	if c != w.was {
		g.tellName(t, w.was, c)
		t.batch.PutContacts = append(t.batch.PutContacts, c)
	}
	return shown
}

// notePlacedTooLate has a contact taken out again that the network may have ended
// while it was placed.
func (g *Gateway) notePlacedTooLate(t *tx, w *wish) {
	if w.item == nil {
		return
	}
	c := w.contact
	c.Subscription, c.Placed = mapping.PlacedByUs, w.item.Name
	t.batch.PutContacts = append(t.batch.PutContacts, c)
	t.places(g)
}

// noteName follows the name that a contact has in the roster. One that is not
// ours is the user's own from now on, and the one to find the contact by.
func noteName(c *mapping.Contact, name string) {
	named := c.Subscription&mapping.NamedByUser != 0
	switch {
	case name == nameOf(*c):
		c.Placed = name
	case name == "", name == c.Placed, named && c.Placed == "":
	default:
		c.Name, c.Placed = name, name
		c.Subscription |= mapping.NamedByUser
	}
}

// noteLeft forgets a contact that is out of the roster, or that the user keeps
// there by another name.
func (g *Gateway) noteLeft(t *tx, w *wish, c mapping.Contact) {
	if g.changeOf(w, deref(w.item), w.item != nil) != nil {
		return // still there
	}
	if !lasts(c) {
		t.batch.DeleteContacts = append(t.batch.DeleteContacts, c)
		return
	}
	c.Subscription &^= mapping.PlacedByUs
	t.batch.PutContacts = append(t.batch.PutContacts, c)
}

func deref(i *roster.Item) roster.Item {
	if i == nil {
		return roster.Item{}
	}
	return *i
}
