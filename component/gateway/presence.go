package gateway

import (
	"context"
	"strconv"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// onPresence answers presence, subscriptions and probes.
func (g *Gateway) onPresence(ctx context.Context, s *stanza.Stanza, key mapping.Key) {
	id := accountOf(s.From)
	if !g.admits(id) {
		g.settle(ctx, key)
		g.turnAway(ctx, s)
		return
	}
	switch s.Type {
	case "":
		g.onAvailable(ctx, s, id)
	case "unavailable":
		g.onUnavailable(ctx, s, id)
	case "probe":
		g.onProbe(ctx, s, id)
	case "subscribe", "subscribed", "unsubscribe", "unsubscribed":
		g.onSubscription(ctx, s, id, key)
		return
	}
	g.settle(ctx, key)
}

// turnAway answers the presence of somebody who is not allowed. A subscribe is
// refused as well, or the contact stays pending in the roster (xeps.md
// 0100.31). There are no words in chat: strangers get none.
func (g *Gateway) turnAway(ctx context.Context, s *stanza.Stanza) {
	switch s.Type {
	case "subscribe":
		g.send(ctx, subscription("unsubscribed", bare(s.To), s))
	case "":
	default:
		return
	}
	if o, ok := errNotAllowed.Reply(s); ok {
		g.send(ctx, o)
	}
}

// joins tells whether a client takes the address of a contact for a room (xeps.md
// 0045). That shows the user to nobody.
func joins(s *stanza.Stanza) bool {
	if s.Type != "" || localOf(s.To) == "" {
		return false
	}
	_, ok := s.Child(nsRoom, "x")
	return ok
}

// onAvailable takes a user as being there (xeps.md 0100.19-20). Sessions are
// opened by messages, so that nothing else starts.
func (g *Gateway) onAvailable(ctx context.Context, s *stanza.Stanza, id bridges.AccountID) {
	if joins(s) {
		if o, ok := errNoRoom.Reply(s); ok {
			g.send(ctx, o)
		}
		return
	}
	if resourceOf(s.From) == "" {
		return
	}
	acc, ok, err := g.accounts.find(ctx, id)
	if err != nil || !ok {
		return
	}
	news := g.people.came(id, resourceOf(s.From), priorityOf(s), localOf(s.To) == "", time.Now())
	g.people.shows(id, resourceOf(s.From), presenceIn(s))
	g.presentLater(id)
	g.hearCaps(s, id)
	g.hearSelf(s, id)
	if news.fresh {
		g.send(ctx, g.ownPresence(string(id), g.statusOf(acc)))
	}
	if news.show {
		g.rosters.asked.Delete(id)
		g.showContacts(ctx, id)
		if g.info.Can.Has(bridges.CanContacts) || g.rights(hostOf(id)).Roster {
			g.placeLater(id)
		}
	}
	g.showBounced(ctx, id, news.arrived)
}

// priorityOf returns the priority of an available presence; 0 when it has none
// that is valid (RFC 6121 §4.7.2.3).
func priorityOf(s *stanza.Stanza) int8 {
	e, ok := s.Child("", "priority")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(e.Text()), 10, 8)
	if err != nil {
		return 0
	}
	return int8(n)
}

// onUnavailable takes a user as gone when it was the last resource; directed
// to a contact it means nothing to the gateway (xeps.md 0100.24-26). A server
// answers a subscribe with unavailable from the bare JID: that is no log-out.
func (g *Gateway) onUnavailable(ctx context.Context, s *stanza.Stanza, id bridges.AccountID) {
	if resourceOf(s.From) == "" {
		return
	}
	if g.people.left(id, resourceOf(s.From), localOf(s.To) == "") {
		g.send(ctx, &stanza.Out{Kind: stanza.Presence, Type: "unavailable", From: g.domain, To: s.From})
	}
	g.presentLater(id)
}

// onProbe tells the prober the presence of the gateway or of a contact that it
// may see; of any other that it is not subscribed (RFC 6121 §4.3.2).
func (g *Gateway) onProbe(ctx context.Context, s *stanza.Stanza, id bridges.AccountID) {
	acc, registered, err := g.accounts.find(ctx, id)
	if err != nil {
		return
	}
	if localOf(s.To) == "" {
		status := unregisteredStatus
		if registered {
			status = g.statusOf(acc)
		}
		g.send(ctx, g.ownPresence(s.From, status))
		return
	}
	chat, err := g.resolve(localOf(s.To))
	if err == nil && registered {
		c, ok, err := g.store.Contact(ctx, g.domain, id, chat)
		if err != nil {
			return
		}
		if ok && c.Subscription&mapping.SeesContact != 0 {
			g.send(ctx, g.contactPresence(bare(s.To), s.From))
			return
		}
	}
	g.send(ctx, &stanza.Out{Kind: stanza.Presence, Type: "unsubscribed", From: bare(s.To), To: string(id)})
}

const unregisteredStatus = "You are not registered: write register to me."

func (g *Gateway) statusOf(acc mapping.Account) string {
	return "Connected as " + g.spell(acc.Self)
}

// spell returns an id as people of the network read it.
func (g *Gateway) spell(id bridges.UserID) string {
	if s, ok := g.cfg.Bridge.(bridges.Speller); ok {
		return s.Spell(id)
	}
	return string(id)
}

// ownPresence is the presence of the gateway.
func (g *Gateway) ownPresence(to, status string) *stanza.Out {
	o := &stanza.Out{Kind: stanza.Presence, From: g.domain, To: to}
	if g.isShownOff(o) {
		return o
	}
	o.Payload.Leaf("status", "", status)
	g.disco.domain.caps.Append(&o.Payload)
	g.showPicture(&o.Payload, accountOf(to), "")
	return o
}

// contactPresence is the presence of a contact. Of whom the network says nothing
// is available, unless the gateway is off.
func (g *Gateway) contactPresence(contact, to string) *stanza.Out {
	o := &stanza.Out{Kind: stanza.Presence, From: contact + "/" + resource, To: to}
	if g.isShownOff(o) || !g.isThere(o, whose{accountOf(to), localOf(contact)}) {
		return o
	}
	g.puppet(localOf(contact)).contact.caps.Append(&o.Payload)
	g.showPicture(&o.Payload, accountOf(to), localOf(contact))
	return o
}
