package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// onSubscription keeps the state of subscriptions between a user and the
// gateway or a contact. State and answers are one commit. Every case is
// idempotent: Prosody sends a pending subscribe again at every log-in.
func (g *Gateway) onSubscription(ctx context.Context, s *stanza.Stanza, id bridges.AccountID, key mapping.Key) {
	t := g.begin(id, key)
	acc, registered, err := g.accounts.find(ctx, id)
	if err != nil {
		return // it stays in the journal
	}
	chat := bridges.ChatID("")
	if local := localOf(s.To); local != "" {
		if chat, err = g.resolve(local); err != nil {
			g.refuseContact(t, s, g.stanzaError(err))
			g.finish(ctx, t)
			return
		}
	}
	switch {
	case !registered && chat == "":
		g.meetStranger(t, s)
	case !registered:
		g.refuseContact(t, s, errAddsTooEarly)
	default:
		c, _, err := g.store.Contact(ctx, g.domain, id, chat)
		if err != nil {
			return
		}
		if blocked(c) {
			g.refuseContact(t, s, errBlocked)
			break
		}
		c.Bridge, c.Account, c.ID = g.domain, id, chat
		g.hearSelf(s, id)
		if s.Type == "subscribe" {
			g.learnName(ctx, &c)
		}
		g.changeSubscription(t, s, acc, c)
	}
	g.finish(ctx, t)
}

// learnName asks what a contact is called whom a user adds, on a network whose
// people have names of their own: those of others are made of their addresses
// (xeps.md 0172.1).
func (g *Gateway) learnName(ctx context.Context, c *mapping.Contact) {
	if c.ID != "" && c.Name == "" && c.Subscription&mapping.SeesContact == 0 && g.info.Can.Has(bridges.CanPictures) {
		c.Name = g.askName(ctx, chatKey{c.Account, c.ID})
	}
}

// refuseContact answers a subscribe that cannot be accepted: the roster is
// cleaned, so that the contact does not stay pending, and the reason told in
// words, because most clients show no error of presence (xeps.md 0100.28, .31).
func (g *Gateway) refuseContact(t *tx, s *stanza.Stanza, e *stanza.Error) {
	if s.Type != "subscribe" {
		return
	}
	t.send(subscription("unsubscribed", bare(s.To), s))
	t.send(g.ownMessage(string(t.account), bare(s.To)+": "+e.Text))
}

// meetStranger lets a user who may register have the gateway as a contact
// before that. It keeps no state.
func (g *Gateway) meetStranger(t *tx, s *stanza.Stanza) {
	if s.Type == "subscribe" {
		t.send(subscription("subscribed", g.domain, s))
		t.send(g.ownPresence(bare(s.From), unregisteredStatus))
	}
}

func subscription(typ, from string, s *stanza.Stanza) *stanza.Out {
	return &stanza.Out{Kind: stanza.Presence, Type: typ, From: from, To: bare(s.From)}
}

func (g *Gateway) changeSubscription(t *tx, s *stanza.Stanza, acc mapping.Account, c mapping.Contact) {
	old := c.Subscription
	switch s.Type {
	case "subscribe":
		g.onSubscribe(t, s, acc, &c)
	case "subscribed":
		g.onSubscribed(t, &c)
	case "unsubscribe":
		if old&mapping.SeesContact != 0 {
			t.send(subscription("unsubscribed", bare(s.To), s))
			t.send(&stanza.Out{Kind: stanza.Presence, Type: "unavailable", From: g.speaker(s), To: bare(s.From)})
		}
		c.Subscription &^= mapping.SeesContact | mapping.AddedByUser
	case "unsubscribed":
		if old&mapping.AskedByUs != 0 {
			c.Subscription |= mapping.RefusedByUser
		}
		c.Subscription &^= mapping.AskedByUs | mapping.SeenByUs | mapping.AddedByUser
	}
	g.noteRemoval(old, &c)
	if c.ID != "" && old&standing != 0 && c.Subscription&standing == 0 {
		t.leaves(g, c.ID)
	}
	if c.ID == "" && old&standing != 0 && c.Subscription&standing == 0 {
		g.logOut(t)
	}
	if c.Subscription != old {
		t.keeps(c)
	}
}

const stillRegistered = "You have removed me from your contacts. You are still registered, and texts still come: write unregister to me to leave."

// logOut follows a user who has taken the gateway out of the roster. Many do
// that to tidy up, so the registration stays; the user is told once, and how to
// end it, and counts as gone from now on (xeps.md 0100.18).
func (g *Gateway) logOut(t *tx) {
	t.send(g.ownMessage(string(t.account), stillRegistered))
	t.done = append(t.done, func() { g.people.loggedOut(t.account) }, func() { g.presentLater(t.account) })
}

// speaker is the JID whose presence the addressee of s has.
func (g *Gateway) speaker(s *stanza.Stanza) string {
	if localOf(s.To) == "" {
		return g.domain
	}
	return bare(s.To) + "/" + resource
}

// onSubscribe accepts at once, shows presence, and asks back, but never twice
// (xeps.md 0100.9, .27, .29, .30). Where the server puts contacts into the roster
// it makes this one mutual there, and the user is asked nothing (0356.5-6).
func (g *Gateway) onSubscribe(t *tx, s *stanza.Stanza, acc mapping.Account, c *mapping.Contact) {
	news := c.Subscription&mapping.SeesContact == 0
	c.Subscription = c.Subscription&^mapping.RemovedByUser | mapping.SeesContact
	t.send(subscription("subscribed", bare(s.To), s))
	if c.ID == "" {
		t.send(g.ownPresence(bare(s.From), g.statusOf(acc)))
	} else {
		t.send(g.contactPresence(bare(s.To), bare(s.From)))
	}
	if news {
		for _, o := range g.pictureNews(t.account, localOf(s.To)) {
			t.send(o)
		}
	}
	const told = mapping.AskedByUs | mapping.RefusedByUser | mapping.AddedByUser
	switch {
	case c.Subscription&mapping.SeenByUs != 0:
		c.Subscription &^= mapping.AddedByUser // it is mutual now
	case c.Subscription&told != 0:
	case c.ID == "":
		c.Subscription |= mapping.AskedByUs
		t.send(subscription("subscribe", g.domain, s))
	case g.privileges.completes(hostOf(t.account)):
		c.Subscription |= mapping.AddedByUser
		t.places(g)
	default:
		c.Subscription |= mapping.AskedByUs
		t.send(g.asks(*c))
	}
}

// onSubscribed follows a user who has accepted that a contact asked. Many clients ask
// back at once; Converse.js 14 means to and fails, so that the contact would never be
// seen: where the server puts contacts into the roster, it makes this one mutual there.
func (g *Gateway) onSubscribed(t *tx, c *mapping.Contact) {
	old := c.Subscription
	c.Subscription = old&^(mapping.AskedByUs|mapping.AddedByUser) | mapping.SeenByUs
	if c.ID != "" && old&(mapping.AskedByUs|mapping.SeesContact) == mapping.AskedByUs && g.privileges.completes(hostOf(t.account)) {
		c.Subscription |= mapping.AddedByUser
		t.places(g)
	}
}

// noteRemoval follows a user who has ended all there was with a contact: it is
// not put back because it is in the network's list (xeps.md 0356.7).
func (g *Gateway) noteRemoval(old mapping.Subscription, c *mapping.Contact) {
	if c.ID == "" || old&standing == 0 || c.Subscription&standing != 0 {
		return
	}
	c.Subscription &^= mapping.PlacedByUs | mapping.NamedByUser
	if g.info.Can.Has(bridges.CanContacts) {
		c.Subscription |= mapping.RemovedByUser
	}
}
