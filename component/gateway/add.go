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

// addressIn returns whom a user means by a line such as "add +12025550100" or
// the address alone. ok is false when it is no address.
func (g *Gateway) addressIn(o order) (id bridges.UserID, ok bool, err error) {
	text := strings.TrimSpace(strings.TrimPrefix(o.text, o.first))
	adds := o.verb == "add"
	if !adds {
		text = o.text
	}
	r, can := g.cfg.Bridge.(bridges.Resolver)
	if !can && !adds || len(text) > longestAddress || text == "" {
		return "", adds, notAcceptable("Write add and an address after it, e.g. add " + g.info.Example + ".")
	}
	if !can {
		return bridges.UserID(text), true, nil
	}
	id, err = r.Resolve(text)
	var e *bridges.Error
	if errors.As(err, &e) && e.Kind == bridges.Gone {
		id, err = e.Instead, nil
	}
	if err != nil {
		return "", adds, g.stanzaError(err)
	}
	return id, true, nil
}

// add makes a contact for a user who has no other way to add one: it says the
// address, and has the server put the contact into the roster, or asks for a
// subscription, which clients show with a button.
func (g *Gateway) add(ctx context.Context, t *tx, id bridges.UserID) (text string, rest []*stanza.Out, err error) {
	_, registered, err := g.accounts.find(ctx, t.account)
	switch {
	case err != nil:
		return "", nil, err
	case !registered:
		return "", nil, errNotRegistered
	}
	c, _, err := g.store.Contact(ctx, g.domain, t.account, bridges.ChatID(id))
	if err != nil {
		return "", nil, err
	}
	jid := g.contactJID(bridges.ChatID(id))
	if c.Subscription&(mapping.SeenByUs|mapping.AskedByUs) == 0 {
		c.Bridge, c.Account, c.ID = g.domain, t.account, bridges.ChatID(id)
		c.Subscription &^= mapping.RefusedByUser | mapping.RemovedByUser | mapping.AskedOnce
		if c.Subscription == 0 && g.rights(hostOf(t.account)).Roster {
			t.places(g)
		} else {
			c.Subscription |= mapping.AskedByUs
			rest = []*stanza.Out{g.asks(c)}
		}
		t.batch.PutContacts = append(t.batch.PutContacts, c)
	}
	return "Write to " + jid + ".", rest, nil
}
