package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// surelyAddress is the length, in bytes, from which a text alone is meant as an
// address: what is shorter may be a code or a year as well.
const surelyAddress = 7

// addMeant adds whom a user means who writes nothing but an address or a name;
// false: it is none.
func (g *Gateway) addMeant(ctx context.Context, t *tx, text string) (r result, ok bool, err error) {
	if _, ok := g.cfg.Bridge.(bridges.Resolver); !ok {
		return r, false, nil
	}
	id, err := g.whom(ctx, t.account, text)
	if err != nil {
		return r, false, nil
	}
	if _, wrong := g.spelled(text); wrong == nil && len(text) < surelyAddress {
		return result{text: "If " + text + " is whom you want to write to, write add " + text + "."}, true, nil
	}
	r, err = g.add(ctx, t, id)
	return r, true, err
}

// add makes a contact for a user who has no other way to add one: it says the
// address, and has the server put the contact into the roster, or asks for a
// subscription, which clients show with a button.
func (g *Gateway) add(ctx context.Context, t *tx, id bridges.ChatID) (result, error) {
	if err := g.mustBeRegistered(ctx, t); err != nil {
		return result{}, err
	}
	c, _, err := g.store.Contact(ctx, g.domain, t.account, id)
	if err != nil {
		return result{}, err
	}
	if blocked(c) {
		return result{}, errBlocked
	}
	jid := g.contactJID(id)
	r := result{text: "Write to " + jid + " now."}
	if c.Subscription&(mapping.SeenByUs|mapping.AskedByUs) == 0 {
		c.Bridge, c.Account, c.ID = g.domain, t.account, id
		if c.Name == "" {
			c.Name = g.askName(ctx, chatKey{t.account, id})
		}
		if leaves(c) {
			c.Subscription &^= mapping.PlacedByUs
		}
		c.Subscription &^= mapping.RefusedByUser | mapping.RemovedByUser | mapping.AskedOnce
		switch {
		case fresh(c) && g.rights(hostOf(t.account)).Roster:
			t.places(g)
		case fresh(c): // placed when the server grants that before an answer
			c.Subscription |= unanswered
			r.rest = []*stanza.Out{g.asks(c)}
		default:
			c.Subscription |= mapping.AskedByUs
			r.rest = []*stanza.Out{g.asks(c)}
		}
		t.batch.PutContacts = append(t.batch.PutContacts, c)
	}
	return r, nil
}
