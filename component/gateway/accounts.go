package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/mapping"
)

// accounts finds registrations without asking the store each time. It
// remembers absence too. What a transaction changes is forgotten before the
// change and after it, so that no reader keeps the old state.
type accounts struct {
	store  mapping.Accounts
	bridge string
	byID   *cache[bridges.AccountID, found]
	bySelf *cache[bridges.UserID, found]
}

// found is an account, or the knowledge that there is none.
type found struct {
	account mapping.Account
	ok      bool
}

func newAccounts(s mapping.Accounts, bridge string) *accounts {
	return &accounts{
		store: s, bridge: bridge,
		byID:   newCache[bridges.AccountID, found](16384),
		bySelf: newCache[bridges.UserID, found](16384),
	}
}

// find returns the registration of a user. It may read the store.
func (a *accounts) find(ctx context.Context, id bridges.AccountID) (mapping.Account, bool, error) {
	if f, ok := a.byID.get(id); ok {
		return f.account, f.ok, nil
	}
	acc, ok, err := a.store.Account(ctx, a.bridge, id)
	if err == nil {
		a.byID.set(id, found{acc, ok})
	}
	return acc, ok, err
}

// owner returns the account with that identity. It may read the store.
func (a *accounts) owner(ctx context.Context, self bridges.UserID) (mapping.Account, bool, error) {
	if f, ok := a.bySelf.get(self); ok {
		return f.account, f.ok, nil
	}
	acc, ok, err := a.store.AccountBySelf(ctx, a.bridge, self)
	if err == nil {
		a.bySelf.set(self, found{acc, ok})
	}
	return acc, ok, err
}

// forget drops what is known of an account and of its identities.
func (a *accounts) forget(id bridges.AccountID, selves ...bridges.UserID) {
	a.byID.delete(id)
	for _, s := range selves {
		a.bySelf.delete(s)
	}
}

// Owner implements bridges.Host.
func (g *Gateway) Owner(ctx context.Context, id bridges.UserID) (bridges.AccountID, bool, error) {
	acc, ok, err := g.accounts.owner(ctx, id)
	return acc.ID, ok, err
}
