package gateway

import (
	"context"
	"errors"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/roster"
	"causeway/mapping"
)

// placeAll makes a roster what the wishes say, and reads back what the server
// made of it: ejabberd takes an item without its subscription (xeps.md F2). age is
// that of the privileges when it begins.
func (g *Gateway) placeAll(ctx context.Context, id bridges.AccountID, age int, wishes []wish) error {
	items, err := g.readRoster(ctx, id)
	if err != nil {
		return err
	}
	changed := false
	for i := 0; i < len(wishes) && err == nil; i++ {
		var tried bool
		tried, err = g.placeOne(ctx, id, items, &wishes[i])
		if e := (*stanza.Error)(nil); added(wishes[i].was) && errors.As(err, &e) && !isShut(err) {
			// COMPAT: ejabberd 23.01 lets us read, and set nothing.
			g.privileges.closes(hostOf(id), age)
			err = nil
		}
		changed = changed || tried
	}
	if changed {
		var unread error
		if items, unread = g.readRoster(ctx, id); unread != nil {
			return errors.Join(err, unread)
		}
	}
	for i := range wishes {
		w := &wishes[i]
		w.read = true
		if item, there := items[g.contactJID(w.was.ID)]; there {
			w.item = &item
		}
	}
	return err
}

// placeOne changes an item, or has nothing to change. Only what we gave it is
// ours: what the user changed or took out stays so (xeps.md 0356.7).
func (g *Gateway) placeOne(ctx context.Context, id bridges.AccountID, items map[string]roster.Item, w *wish) (tried bool, err error) {
	item, there := items[g.contactJID(w.was.ID)]
	c := g.changeOf(w, item, there)
	if c == nil {
		return false, nil
	}
	now, _, err := g.store.Contact(ctx, g.domain, id, w.was.ID)
	if err != nil || now.Subscription != w.was.Subscription || w.age != g.rosters.age(id) {
		return false, err // the user, or the network, has had to do with it meanwhile
	}
	if err = g.setItem(ctx, id, *c); err == nil && asked(w.was) {
		err = g.withdraw(ctx, id, *c)
	}
	if isGone(err) { // what is to be taken out
		err = nil
	}
	return true, err
}

// changeOf returns the item that is to be set, or nil.
func (g *Gateway) changeOf(w *wish, item roster.Item, there bool) *roster.Item {
	jid := g.contactJID(w.was.ID)
	switch {
	case leaves(w.was):
		if there && (w.was.Subscription&mapping.RemovedByUser != 0 || item.Name == w.was.Placed) {
			return &roster.Item{JID: jid, Subscription: roster.Remove}
		}
	case w.pending():
		if there && (item.Subscription == roster.Both || item.Subscription == roster.To && asked(w.was)) {
			return nil // set before a crash, or by the user
		}
		c := w.wanted(jid)
		if there && (len(item.Groups) > 0 || !added(w.was)) {
			c.Groups = item.Groups
		}
		if there && item.Name != "" && !w.renames() {
			c.Name = item.Name
		}
		return &c
	case there && item.Name != nameOf(w.contact):
		if w.renames() || w.was.Subscription&mapping.PlacedByUs != 0 && item.Name == w.was.Placed {
			item.Name = nameOf(w.contact)
			return &item
		}
	}
	return nil
}

// renames tells whether the user has given the contact a name by a function of
// the gateway, which is yet to come into the roster.
func (w *wish) renames() bool {
	return w.was.Subscription&mapping.NamedByUser != 0 && w.was.Placed == ""
}

// withdraw takes back the question of a contact that is in the roster now: a
// server asks it again at each log-in. For the server both sides have ended one
// subscription with it, so that the item is set once more.
func (g *Gateway) withdraw(ctx context.Context, id bridges.AccountID, i roster.Item) error {
	g.send(ctx, &stanza.Out{Kind: stanza.Presence, Type: "unsubscribe", From: i.JID, To: string(id)})
	return g.setItem(ctx, id, i)
}
