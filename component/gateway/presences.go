package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// presenceLimit bounds the people of whom it is known how much they are there, as
// accounts see them. Of whom it is forgotten is shown as available.
const presenceLimit = 1 << 16

// availability is how much somebody is there. The zero value: nobody knows.
type availability struct {
	show   bridges.Show
	status string
}

// hearPresence takes what the network says of a person, and shows it to a user who
// sees the contact, when it is news. It does not block.
func (g *Gateway) hearPresence(id bridges.AccountID, e bridges.Presence) {
	w := whose{id, localpart(string(e.Person))}.clone()
	p := availability{e.Show, strings.Clone(cleanName(e.Status))}
	old, known := g.presences.Get(w)
	if !known {
		old.show = bridges.Available // as which it is shown
	}
	g.presences.Set(w, p)
	if old == p || !g.people.isOnline(id) || isOff(g) {
		return // who comes is shown all
	}
	if !g.enqueueControl(id, false, step{run: func(ctx context.Context) { g.showPresence(ctx, w) }}) {
		g.countDropped("too much presence")
	}
}

// showPresence shows a user how much a contact is there now.
func (g *Gateway) showPresence(ctx context.Context, w whose) {
	chat, err := g.resolve(w.local)
	if err != nil || !g.member(ctx, w.account) {
		return
	}
	c, _, err := g.store.Contact(ctx, g.domain, w.account, chat)
	if err == nil && c.Subscription&mapping.SeesContact != 0 {
		g.send(ctx, g.contactPresence(w.local+"@"+g.domain, string(w.account)))
	}
}

// isThere writes how much a contact is there, as a user may see it. False: it is
// not, and nothing else is to be said (RFC 6121 §4.7.1).
func (g *Gateway) isThere(o *stanza.Out, w whose) bool {
	p, _ := g.presences.Get(w)
	switch p.show {
	case bridges.Away:
		o.Payload.Leaf("show", "", "away")
	case bridges.Busy:
		o.Payload.Leaf("show", "", "dnd")
	case bridges.Unavailable:
		o.Type = "unavailable"
	}
	if p.status != "" {
		o.Payload.Leaf("status", "", p.status)
	}
	return p.show != bridges.Unavailable
}
