package gateway

import (
	"context"

	"causeway/mapping"
)

// contactLater has what an event says of a contact done in the lane of the user,
// whose subscriptions it may change: by f, of whose t it is a part. A contact without
// an id is not known.
func (g *Gateway) contactLater(in *incoming, f func(ctx context.Context, t *tx, in *incoming, c mapping.Contact)) {
	g.enqueueControl(in.Account, true, step{
		key:      in.key,
		poisoned: func(reason string) { g.poisonedEvent(in, reason) },
		run: func(ctx context.Context) {
			if !g.member(ctx, in.Account) {
				g.dropIn(ctx, in, "no account")
				return
			}
			var c mapping.Contact
			if !g.insist(ctx, "read contacts", func() (err error) {
				c, _, err = g.store.Contact(ctx, g.domain, in.Account, in.Change.ID)
				return err
			}) {
				return // it stays in the journal
			}
			t := g.begin(in.Account, mapping.Key{})
			g.settleIn(in, &t.batch)
			f(ctx, t, in, c)
			t.done = append(t.done, func() { g.flights.release(1) })
			g.finish(ctx, t)
		},
	})
}

// changeContact follows a change of the network's list. What is to be done with
// the roster stands in the row of the contact, so that it is done at the next
// log-in if not at once: to a user who is not there nothing is done.
func (g *Gateway) changeContact(_ context.Context, t *tx, in *incoming, c mapping.Contact) {
	known := c.ID != ""
	c.Bridge, c.Account, c.ID = g.domain, in.Account, in.Change.ID
	switch {
	case !in.Change.Gone:
		listAs(t, c, known, in.Change.Name)
	default:
		n := g.rosters.age(in.Account)
		g.rosters.ends.Set(in.Account, n+1)
		if known {
			g.unlist(t, c)
		}
	}
	for _, now := range t.batch.PutContacts {
		g.tellName(t, c, now)
	}
	if (len(t.batch.PutContacts) > 0 || in.Change.Gone) && g.people.isOnline(in.Account) {
		t.places(g)
	}
}

// listAs notes that a contact is in the network's list by a name. One that the
// user has refused or removed stays away, and a name of the user's own stays.
func listAs(t *tx, c mapping.Contact, known bool, name string) {
	was := c
	if leaves(c) && c.Subscription&mapping.RemovedByUser == 0 {
		c.Subscription &^= mapping.PlacedByUs
	}
	if !fresh(c) && c.Subscription&standing == 0 {
		return
	}
	if c.Subscription&mapping.NamedByUser == 0 {
		c.Name = name
	}
	if c != was || !known {
		t.batch.PutContacts = append(t.batch.PutContacts, c)
	}
}

// unlist follows the end of a contact on the network, if it came by its list:
// one that the user has added, or calls by a name of the user's own, stays.
func (g *Gateway) unlist(t *tx, c mapping.Contact) {
	const ours = mapping.PlacedByUs | mapping.AskedOnce
	if c.Subscription&mapping.NamedByUser != 0 || c.Subscription&ours == 0 && !fresh(c) {
		return
	}
	if c.Subscription&standing != 0 { // xeps.md 0100.38
		jid := g.contactJID(c.ID)
		t.outs = append(t.outs, farewell(jid, jid+"/"+resource, string(c.Account))...)
	}
	keep := mapping.RefusedByUser | mapping.RemovedByUser | mapping.PlacedByUs | mapping.BlockedByUser
	if c.Subscription&mapping.SeenByUs == 0 {
		keep |= mapping.AskedOnce // and had no answer: it does not ask again
	}
	c.Subscription &= keep
	t.keeps(c)
}
