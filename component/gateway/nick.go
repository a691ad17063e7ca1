package gateway

import (
	"context"
	"strings"
	"unicode"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/nick"
	"causeway/component/xep/pubsub"
	"causeway/mapping"
)

// longestName bounds a name, in code points (xeps.md 0172.4).
const longestName = 100

// cleanName makes a name of strangers fit to be shown: no control characters,
// nothing that turns the direction of what stands behind it, and cut. It may
// come out empty (xeps.md 0172.4).
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	n := 0
	for i := range name {
		if n++; n > longestName {
			return strings.TrimSpace(name[:i])
		}
	}
	return name
}

// nameOf is what a contact is called in a roster: what the network calls it,
// or its id.
func nameOf(c mapping.Contact) string {
	if name := cleanName(c.Name); name != "" {
		return name
	}
	return cleanName(string(c.ID))
}

// tellName tells the user's clients that want to know it that a contact is called
// otherwise now, unless the user has given it a name (xeps.md 0172.3).
func (g *Gateway) tellName(t *tx, was, now mapping.Contact) {
	seen := was.Subscription & now.Subscription & mapping.SeesContact
	if seen == 0 || now.Subscription&mapping.NamedByUser != 0 || nameOf(was) == nameOf(now) {
		return
	}
	resources, _ := g.people.capable(now.Account, wantsNames)
	for _, resource := range resources {
		o := &stanza.Out{Kind: stanza.Message, Type: "headline", ID: newID(), From: g.contactJID(now.ID), To: string(now.Account) + "/" + resource}
		pubsub.AppendEvent(&o.Payload, nick.NS, "current", func(w *stanza.Writer) { nick.Append(w, nameOf(now)) })
		t.send(o)
	}
}

// calledLater has a contact called as it calls itself now, but for one that the user, or
// the user's list on the network, has given a name (xeps.md 0172.3). What is to be done
// with the roster stands in the row, as after a change of such a list.
func (g *Gateway) calledLater(w whose, name string) {
	if g.info.Can.Has(bridges.CanContacts) {
		return
	}
	g.enqueueControl(w.account, false, step{run: func(ctx context.Context) {
		was, known := g.contactFor(ctx, w)
		if !known || was.Name == name || was.Subscription&mapping.NamedByUser != 0 || was.Subscription&standing == 0 {
			return
		}
		t := g.begin(w.account, mapping.Key{})
		now := was
		now.Name = name
		t.batch.PutContacts = append(t.batch.PutContacts, now)
		g.tellName(t, was, now)
		if g.people.isOnline(w.account) {
			t.places(g)
		}
		g.finish(ctx, t)
	}})
}

// asks is the subscribe of a contact, with its name (xeps.md 0172.1).
func (g *Gateway) asks(c mapping.Contact) *stanza.Out {
	o := &stanza.Out{Kind: stanza.Presence, Type: "subscribe", From: g.contactJID(c.ID), To: string(c.Account)}
	nick.Append(&o.Payload, nameOf(c))
	return o
}
