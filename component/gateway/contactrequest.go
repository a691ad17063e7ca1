package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/mapping"
)

// requestLater has somebody who asks to be a contact asked for in the lane of the
// user, whose subscriptions that changes.
func (g *Gateway) requestLater(in *incoming) {
	g.enqueueControl(in.Account, true, step{
		key:      in.key,
		poisoned: func(reason string) { g.poisonedEvent(in, reason) },
		run:      func(ctx context.Context) { g.request(ctx, in) },
	})
}

// request has a person ask for a subscription, with name and picture, unless there is
// one, or it has asked and the user has not answered, or refused (xeps.md 0100.37).
// Nobody is put into the roster without an answer.
func (g *Gateway) request(ctx context.Context, in *incoming) {
	if !g.member(ctx, in.Account) {
		g.dropIn(ctx, in, "no account")
		return
	}
	var c mapping.Contact
	if !g.insist(ctx, "read contacts", func() (err error) {
		c, _, err = g.store.Contact(ctx, g.domain, in.Account, in.Change.ID)
		return err
	}) {
		return // it stays in the journal
	}
	t := g.begin(in.Account, mapping.Key{})
	g.settleIn(in, &t.batch)
	if c.Subscription&(mapping.SeenByUs|mapping.AskedByUs|mapping.RefusedByUser|mapping.AddedByUser) == 0 {
		c.Bridge, c.Account, c.ID = g.domain, in.Account, in.Change.ID
		g.letAsk(ctx, t, c)
	}
	t.done = append(t.done, func() { g.flights.release(1) })
	g.finish(ctx, t)
}

// letAsk has a contact ask for a subscription.
func (g *Gateway) letAsk(ctx context.Context, t *tx, c mapping.Contact) {
	local := localpart(string(c.ID))
	name := g.meet(ctx, whose{c.Account, local})
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

// meet asks the network what somebody is called, and learns what that one looks like.
// It is without a name whom the network does not tell of in time.
func (g *Gateway) meet(ctx context.Context, w whose) (name string) {
	if _, ok := g.cfg.Bridge.(bridges.Profiler); !ok {
		return ""
	}
	defer trialOf(ctx).enter()
	defer func() {
		if p := recover(); p != nil {
			g.panicked("a name", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, introduceTime)
	defer cancel()
	p, _, err := g.profile(ctx, w.account, w.local)
	if err != nil {
		return ""
	}
	return cleanName(p.Name)
}
