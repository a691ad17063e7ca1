package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/mapping"
)

// request has a person ask for a subscription, with name and picture, unless there is
// one, or it has asked and the user has not answered, or refused (xeps.md 0100.37).
// Nobody is put into the roster without an answer.
func (g *Gateway) request(ctx context.Context, t *tx, in *incoming, c mapping.Contact) {
	if c.Subscription&(mapping.SeenByUs|mapping.AskedByUs|mapping.RefusedByUser|mapping.AddedByUser) == 0 {
		c.Bridge, c.Account, c.ID = g.domain, in.Account, in.Change.ID
		g.letAsk(ctx, t, c)
	}
}

// letAsk has a contact ask for a subscription. The network is asked what it is called,
// and we learn what it looks like.
func (g *Gateway) letAsk(ctx context.Context, t *tx, c mapping.Contact) {
	local := localpart(string(c.ID))
	name := g.nameBy(ctx, func(ctx context.Context) (bridges.Profile, error) {
		p, _, err := g.profile(ctx, c.Account, local)
		return p, err
	})
	if c.Name == "" {
		c.Name = name
	}
	if leaves(c) {
		c.Subscription &^= mapping.PlacedByUs
	}
	c.Subscription = c.Subscription&^(mapping.RemovedByUser|mapping.AskedOnce) | mapping.AskedByUs
	t.batch.PutContacts = append(t.batch.PutContacts, c)
	o := g.asks(c)
	g.showPicture(&o.Payload, c.Account, local)
	t.send(o)
	for _, news := range g.pictureNews(c.Account, local) {
		t.send(news)
	}
}
