package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/mapping"
)

// tellBridge tells the bridge something that it keeps. Waiting for that is no fault of what
// is being handled; after a hand-over the successor does it.
func tellBridge(ctx context.Context, f func(ctx context.Context) error) error {
	x := resting(ctx)
	defer x.enter()
	if x.isFrozen() {
		<-ctx.Done()
		return ctx.Err()
	}
	return f(ctx)
}

// leaves has the bridge know that the account of t is done with a contact, when
// its network wants to know that.
func (t *tx) leaves(g *Gateway, id bridges.ChatID) {
	l, ok := g.cfg.Bridge.(bridges.Leaver)
	if !ok {
		return
	}
	t.tells = append(t.tells, func(ctx context.Context) error {
		acc, registered, err := g.accounts.find(ctx, t.account)
		if err != nil || !registered {
			return err
		}
		return l.Leave(ctx, g.account(acc), bridges.UserID(id))
	})
}

// ends has the bridge know that the account of t ends.
func (t *tx) ends(g *Gateway, acc mapping.Account) {
	if e, ok := g.cfg.Bridge.(bridges.Ender); ok {
		t.tells = append(t.tells, func(ctx context.Context) error { return e.End(ctx, g.account(acc)) })
	}
}
