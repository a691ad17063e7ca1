package gateway

import (
	"cmp"
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
// the user's programs: not all servers make one of the other. x is what is known of the
// user. Not whole: something was not to be had now. The error is Temporary.
func (g *Gateway) cardOf(ctx context.Context, id bridges.AccountID, x self) (c vcard.Card, photo []byte, whole bool, err error) {
	defer resting(ctx).enter()
	ctx, cancel := context.WithTimeout(ctx, cardTime)
	defer cancel()
	s, err := g.askUser(ctx, id, func(w *stanza.Writer) { w.Leaf("vCard", vcard.NS, "") })
	if err != nil {
		return c, nil, false, err
	}
	if s != nil {
		e, _ := s.Child(vcard.NS, "vCard")
		c, photo = vcard.Read(e)
	}
	var unnamed error
	if c.Nick == "" && c.Name == "" {
		c.Nick, unnamed = g.nickOf(ctx, id)
	}
	photo, unseen := g.pictureOf(ctx, id, x, photo)
	lost := cmp.Or(unnamed, unseen)
	if s == nil {
		err = lost // nothing is known
	}
	return c, photo, lost == nil, err
}

// nickOf returns the nickname that a user publishes (XEP-0172), or none.
func (g *Gateway) nickOf(ctx context.Context, id bridges.AccountID) (string, error) {
	e, err := g.published(ctx, id, nick.NS, "")
	if space, _ := e.Name(); space != nick.NS {
		return "", err
	}
	return e.Text(), nil
}

// pictureOf returns the picture of a user who has one in the vCard, or nil: that of which
// the server told last, else the published one (xeps.md 0084.2-4).
func (g *Gateway) pictureOf(ctx context.Context, id bridges.AccountID, x self, photo []byte) ([]byte, error) {
	if x.last == inCard && len(photo) > 0 {
		return photo, nil
	}
	if x.last != inNode {
		e, err := g.published(ctx, id, avatar.NSMetadata, "")
		if err != nil {
			return photo, err
		}
		x.publishes(e)
	}
	sum := sha1.Sum(photo)
	switch {
	case x.last != inNode, x.shown == hex.EncodeToString(sum[:]):
		return photo, nil
	case x.shown == "":
		return nil, nil // it was taken away
	}
	e, err := g.published(ctx, id, avatar.NSData, x.shown)
	if own := avatar.FindData(e); own != nil {
		return own, nil
	}
	return photo, err
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
