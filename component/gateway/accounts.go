package gateway

import (
	"context"
	"sync/atomic"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/mapping"
)

// accounts finds registrations without asking the store each time. It
// remembers absence too. What a transaction changes is forgotten after the
// change; whoever read the store before that does not keep what it found.
type accounts struct {
	changes atomic.Uint64 // calls of forget
	store   mapping.Accounts
	bridge  string
	byID    *cache.Cache[bridges.AccountID, found]
	bySelf  *cache.Cache[bridges.UserID, found]
}

// found is an account, or the knowledge that there is none.
type found struct {
	account mapping.Account
	ok      bool
}

func newAccounts(s mapping.Accounts, bridge string) *accounts {
	return &accounts{
		store: s, bridge: bridge,
		byID:   cache.New[bridges.AccountID, found](16384),
		bySelf: cache.New[bridges.UserID, found](16384),
	}
}

// find returns the registration of a user. It may read the store.
func (a *accounts) find(ctx context.Context, id bridges.AccountID) (mapping.Account, bool, error) {
	if f, ok := a.byID.Get(id); ok {
		return f.account, f.ok, nil
	}
	before := a.changes.Load()
	acc, ok, err := a.store.Account(ctx, a.bridge, id)
	if err == nil {
		id = clone(id) // not a piece of a stanza
		a.byID.Set(id, found{acc, ok})
		if a.changes.Load() != before {
			a.byID.Delete(id)
		}
	}
	return acc, ok, err
}

// owner returns the account with that identity. It may read the store.
func (a *accounts) owner(ctx context.Context, self bridges.UserID) (mapping.Account, bool, error) {
	if f, ok := a.bySelf.Get(self); ok {
		return f.account, f.ok, nil
	}
	before := a.changes.Load()
	acc, ok, err := a.store.AccountBySelf(ctx, a.bridge, self)
	if err == nil {
		a.bySelf.Set(self, found{acc, ok})
		if a.changes.Load() != before {
			a.bySelf.Delete(self)
		}
	}
	return acc, ok, err
}

// forget drops what is known of an account and of its identities.
func (a *accounts) forget(id bridges.AccountID, selves ...bridges.UserID) {
	a.changes.Add(1)
	a.byID.Delete(id)
	for _, s := range selves {
		a.bySelf.Delete(s)
	}
}

// Owner implements bridges.Host. Nobody has the number of an account that the
// configuration does not allow any more.
func (g *Gateway) Owner(ctx context.Context, id bridges.UserID) (bridges.AccountID, bool, error) {
	acc, ok, err := g.accounts.owner(ctx, id)
	if err != nil || !ok || !g.admits(acc.ID) {
		return "", false, err
	}
	return acc.ID, true, nil
}

// insistOn returns the registration of a user. It asks until the store answers;
// answered is false at the end of ctx.
func (g *Gateway) insistOn(ctx context.Context, id bridges.AccountID) (acc mapping.Account, ok, answered bool) {
	answered = g.insist(ctx, "read an account", func() (err error) {
		acc, ok, err = g.accounts.find(ctx, id)
		return err
	})
	return acc, ok, answered
}

// member tells whether a user is registered and allowed. At the end of ctx it
// says yes, so that nothing is given up.
func (g *Gateway) member(ctx context.Context, id bridges.AccountID) bool {
	_, registered, answered := g.insistOn(ctx, id)
	return (registered || !answered) && g.admits(id)
}
