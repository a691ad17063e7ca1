package gateway

import (
	"context"
	"crypto/sha1" // XEP-0084 names pictures by it
	"encoding/hex"
	"errors"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/avatar"
	"causeway/component/xep/nick"
	"causeway/component/xep/pubsub"
	"causeway/component/xep/vcard"
)

// maxShown bounds a picture that users publish, in bytes, so that it fits in a stanza.
const maxShown = 256 << 10

// cardOf asks a user's server for the vCard, and for what is not in it but published by
// the user's programs: not all servers make one of the other. shown is the id of the
// published picture, where that is known: it counts for more than an older one in the
// vCard. The error is Temporary.
func (g *Gateway) cardOf(ctx context.Context, id bridges.AccountID, shown string) (c vcard.Card, photo []byte, err error) {
	defer resting(ctx).enter()
	ctx, cancel := context.WithTimeout(ctx, cardTime)
	defer cancel()
	s, err := g.askUser(ctx, id, func(w *stanza.Writer) { w.Leaf("vCard", vcard.NS, "") })
	if err != nil {
		return c, nil, err
	}
	if s != nil {
		e, _ := s.Child(vcard.NS, "vCard")
		c, photo = vcard.Read(e)
	}
	if c.Nick == "" && c.Name == "" {
		e, err := g.published(ctx, id, nick.NS, "")
		if err != nil {
			return c, nil, err
		}
		if space, _ := e.Name(); space == nick.NS {
			c.Nick = e.Text()
		}
	}
	if sum := sha1.Sum(photo); len(photo) > 0 && (shown == "" || shown == hex.EncodeToString(sum[:])) {
		return c, photo, nil
	}
	own, err := g.shownBy(ctx, id, shown)
	if own != nil {
		photo = own
	}
	return c, photo, err
}

// shownBy returns the picture that a user publishes (xeps.md 0084.2-3); nil: there is
// none.
func (g *Gateway) shownBy(ctx context.Context, id bridges.AccountID, shown string) ([]byte, error) {
	if shown == "" {
		e, err := g.published(ctx, id, avatar.NSMetadata, "")
		if shown = avatar.FindMetadata(e, maxShown); shown == "" {
			return nil, err
		}
	}
	e, err := g.published(ctx, id, avatar.NSData, shown)
	return avatar.FindData(e), err
}

// published returns what is in an item that a user publishes, the last one where none is
// named; nothing: there is none, or not for us.
func (g *Gateway) published(ctx context.Context, id bridges.AccountID, node, item string) (inside stanza.Element, err error) {
	s, err := g.askUser(ctx, id, func(w *stanza.Writer) { pubsub.AppendWanted(w, node, item) })
	if s == nil {
		return inside, err
	}
	return pubsub.ItemIn(s), nil
}

// askUser asks a user's server. Of one that says that there is nothing, nothing comes:
// it has told all that there is. The error is Temporary.
func (g *Gateway) askUser(ctx context.Context, id bridges.AccountID, write func(w *stanza.Writer)) (*stanza.Stanza, error) {
	o := &stanza.Out{Kind: stanza.IQ, Type: "get", From: g.domain, To: string(id)}
	write(&o.Payload)
	s, err := g.link.Request(ctx, o)
	var refused *stanza.Error
	switch {
	case errors.As(err, &refused) && refused.Type != "wait":
		return nil, nil
	case err != nil:
		return nil, &bridges.Error{Kind: bridges.Temporary, Text: "The server does not tell what the user looks like.", Cause: err}
	}
	return s, nil
}
