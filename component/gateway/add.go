package gateway

import (
	"context"
	"errors"
	"strings"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// longestAddress bounds what is tried as an address in a chat message.
const longestAddress = 128

var errNoAddress = notAcceptable("This is not an address here.")

// addressOf reads an address as people write it, or a JID of ours.
func (g *Gateway) addressOf(text string) (bridges.UserID, error) {
	text = strings.TrimSpace(strings.TrimSuffix(bare(strings.TrimPrefix(text, "xmpp:")), "@"+g.domain))
	if text == "" || len(text) > longestAddress {
		return "", errNoAddress
	}
	r, ok := g.cfg.Bridge.(bridges.Resolver)
	if !ok {
		return bridges.UserID(text), nil
	}
	id, err := r.Resolve(text)
	var e *bridges.Error
	if errors.As(err, &e) && e.Kind == bridges.Gone {
		return e.Instead, nil
	}
	if err != nil {
		return "", g.registrationError(err)
	}
	return id, nil
}

// addressIn returns whom a user means who writes nothing but an address.
func (g *Gateway) addressIn(text string) (id bridges.UserID, ok bool) {
	if _, ok := g.cfg.Bridge.(bridges.Resolver); !ok {
		return "", false
	}
	id, err := g.addressOf(text)
	return id, err == nil
}

// add makes a contact for a user who has no other way to add one: it says the
// address, and has the server put the contact into the roster, or asks for a
// subscription, which clients show with a button.
func (g *Gateway) add(ctx context.Context, t *tx, id bridges.UserID) (result, error) {
	_, registered, err := g.accounts.find(ctx, t.account)
	switch {
	case err != nil:
		return result{}, err
	case !registered:
		return result{}, errNotRegistered
	}
	c, _, err := g.store.Contact(ctx, g.domain, t.account, bridges.ChatID(id))
	if err != nil {
		return result{}, err
	}
	jid := g.contactJID(bridges.ChatID(id))
	r := result{text: "Write to " + jid + "."}
	if c.Subscription&(mapping.SeenByUs|mapping.AskedByUs) == 0 {
		c.Bridge, c.Account, c.ID = g.domain, t.account, bridges.ChatID(id)
		if leaves(c) {
			c.Subscription &^= mapping.PlacedByUs
		}
		c.Subscription &^= mapping.RefusedByUser | mapping.RemovedByUser | mapping.AskedOnce
		if fresh(c) && g.rights(hostOf(t.account)).Roster {
			t.places(g)
		} else {
			c.Subscription |= mapping.AskedByUs
			r.rest = []*stanza.Out{g.asks(c)}
		}
		t.batch.PutContacts = append(t.batch.PutContacts, c)
	}
	return r, nil
}
