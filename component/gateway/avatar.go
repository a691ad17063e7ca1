package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/avatar"
	"causeway/component/xep/pubsub"
	"causeway/mapping"
)

// showPictures tells a client that wants to know of the pictures of all contacts
// that the user sees, once: from then on it is told what is new (xeps.md 0084.1).
func (g *Gateway) showPictures(id bridges.AccountID, resource string, can clientFeature) {
	if can&wantsPictures == 0 {
		return
	}
	g.enqueueControl(id, false, step{run: func(ctx context.Context) {
		if !g.people.tells(id, resource) {
			return
		}
		show := func(c mapping.Contact) {
			if c.Subscription&mapping.SeesContact == 0 {
				return
			}
			if o := g.pictureEvent(localpart(string(c.ID)), string(id)+"/"+resource); o != nil {
				g.send(ctx, o)
			}
		}
		own, _, err := g.store.Contact(ctx, g.domain, id, "")
		show(own)
		p := pace{gap: paceGap}
		if err == nil {
			err = g.store.EachContact(ctx, g.domain, id, func(c mapping.Contact) error {
				if c.ID != "" {
					show(c)
				}
				return p.wait(ctx)
			})
		}
		if err != nil && ctx.Err() == nil {
			g.log.Error("cannot show the pictures", "err", err)
		}
	}})
}

// pictureNews tells the clients of a user that know of pictures of one that is
// new.
func (g *Gateway) pictureNews(id bridges.AccountID, local string) (all []*stanza.Out) {
	for _, resource := range g.people.told(id) {
		if o := g.pictureEvent(local, string(id)+"/"+resource); o != nil {
			all = append(all, o)
		}
	}
	return all
}

// pictureEvent is the news of the picture of who has a localpart; nil: there is
// none, or it is not known yet.
func (g *Gateway) pictureEvent(local, to string) *stanza.Out {
	i, _ := g.pictureInfo(accountOf(to), local)
	if i == nil {
		return nil
	}
	o := &stanza.Out{Kind: stanza.Message, Type: "headline", ID: newID(), From: g.domain, To: to}
	if local != "" {
		o.From = local + "@" + g.domain
	}
	pubsub.AppendEvent(&o.Payload, avatar.NSMetadata, i.ID, func(w *stanza.Writer) { avatar.AppendMetadata(w, *i) })
	return o
}
