package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/mapping"
)

// chatKey is a chat of an account, by the network's id.
type chatKey struct {
	account bridges.AccountID
	chat    bridges.ChatID
}

// whose says who, by localpart, as which account sees it, or the chat of the two.
type whose struct {
	account bridges.AccountID
	local   string
}

// clone is for keeping: the names may be pieces of a stanza, which may be large.
func (w whose) clone() whose { return whose{clone(w.account), strings.Clone(w.local)} }

func clone(id bridges.AccountID) bridges.AccountID {
	return bridges.AccountID(strings.Clone(string(id)))
}

// contactFor returns the contact that a member has; false: there is none.
func (g *Gateway) contactFor(ctx context.Context, w whose) (c mapping.Contact, known bool) {
	chat, err := g.resolve(w.local)
	if err != nil || !g.member(ctx, w.account) {
		return c, false
	}
	c, known, err = g.store.Contact(ctx, g.domain, w.account, chat)
	return c, known && err == nil
}

// sees tells whether a member sees a contact.
func (g *Gateway) sees(ctx context.Context, w whose) bool {
	c, known := g.contactFor(ctx, w)
	return known && c.Subscription&mapping.SeesContact != 0
}
