package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/rosterx"
	"causeway/mapping"
)

// offerSize bounds one suggestion, in bytes, so that no server finds the stanza
// too long.
const offerSize = 32 << 10

// placeList has a roster looked at again, because more is known of the user's
// clients.
func (g *Gateway) placeList(id bridges.AccountID) {
	if g.info.Can.Has(bridges.CanContacts) && !g.rights(hostOf(id)).Roster {
		g.placeLater(id)
	}
}

// offerContacts suggests to those of the user's clients that know how to take it
// what the network's list has and the roster not, and returns who is to ask
// instead. As long as it is not known whether there is such a client, nobody of
// the list does either: see placeList. Nobody is suggested twice (xeps.md
// 0144.1-4).
func (g *Gateway) offerContacts(id bridges.AccountID, wishes []wish) (ask []wish) {
	clients, all := g.people.capable(id, takesContacts)
	var offered []wish
	for _, w := range wishes {
		switch {
		case !w.listed || all && len(clients) == 0:
			ask = append(ask, w)
		case all && fresh(w.was) && w.item == nil:
			offered = append(offered, w)
		}
	}
	if len(offered) > 0 {
		g.enqueueControl(id, true, step{run: func(ctx context.Context) { g.offer(ctx, id, offered) }})
	}
	return ask
}

// offer notes and sends suggestions in the lane of the user, who may have had to
// do with these contacts meanwhile.
func (g *Gateway) offer(ctx context.Context, id bridges.AccountID, wishes []wish) {
	clients, _ := g.people.capable(id, takesContacts)
	if _, registered, err := g.accounts.find(ctx, id); err != nil || !registered || len(clients) == 0 {
		return // the next log-in finds what is still to be done
	}
	t := g.begin(id, mapping.Key{})
	var items []rosterx.Item
	for _, w := range wishes {
		c, there, err := g.store.Contact(ctx, g.domain, id, w.was.ID)
		if err != nil {
			return
		}
		if !fresh(c) || w.age != g.rosters.age(id) {
			continue
		}
		if !there {
			c = w.contact
		}
		c.Subscription |= mapping.AskedOnce
		t.batch.PutContacts = append(t.batch.PutContacts, c)
		items = append(items, rosterx.Item{JID: g.contactJID(c.ID), Name: nameOf(c), Groups: w.groups})
	}
	for _, resource := range clients {
		for rest := items; len(rest) > 0; {
			n := offerable(rest)
			o := &stanza.Out{Kind: stanza.Message, ID: newID(), From: g.domain, To: string(id) + "/" + resource}
			rosterx.Append(&o.Payload, rest[:n])
			t.send(o)
			rest = rest[n:]
		}
	}
	g.finish(ctx, t)
}

// offerable is how many of items fit into one stanza, at least one.
func offerable(items []rosterx.Item) (n int) {
	const frame = 64 // the marks around a name
	size := 0
	for _, i := range items {
		size += frame + len(i.JID) + len(i.Name)
		for _, group := range i.Groups {
			size += frame + len(group)
		}
		if n > 0 && (n == rosterx.Most || size > offerSize) {
			break
		}
		n++
	}
	return n
}
