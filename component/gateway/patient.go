package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// patient is the store as the steps see it: while a step waits for the disk, a
// death is no fault of what it handles.
type patient struct{ mapping.Store }

// Commit implements mapping.Journal. After a hand-over it waits for the end: a
// successor goes on from what is on disk, and what a step hears meanwhile from
// link and bridge, which stop, must not get there.
func (p patient) Commit(ctx context.Context, b *mapping.Batch) error {
	x := resting(ctx)
	defer x.enter()
	if x.isFrozen() {
		<-ctx.Done()
		return ctx.Err()
	}
	return p.Store.Commit(ctx, b)
}

func (x *trial) isFrozen() bool { return x != nil && x.table.frozen.Load() }

// behind is Behind for a step.
func (g *Gateway) behind(ctx context.Context, b *mapping.Batch) {
	x := trialOf(ctx)
	if x.isFrozen() {
		return
	}
	x.leave()
	defer x.enter()
	g.store.Behind(b)
}

func (p patient) Waiting(ctx context.Context, bridge, conversation string, limit int) ([]mapping.Parked, error) {
	defer resting(ctx).enter()
	return p.Store.Waiting(ctx, bridge, conversation, limit)
}

func (p patient) Account(ctx context.Context, bridge string, id bridges.AccountID) (mapping.Account, bool, error) {
	defer resting(ctx).enter()
	return p.Store.Account(ctx, bridge, id)
}

func (p patient) AccountBySelf(ctx context.Context, bridge string, self bridges.UserID) (mapping.Account, bool, error) {
	defer resting(ctx).enter()
	return p.Store.AccountBySelf(ctx, bridge, self)
}

func (p patient) Released(ctx context.Context, bridge string, self bridges.UserID, by bridges.AccountID) (time.Time, bool, error) {
	defer resting(ctx).enter()
	return p.Store.Released(ctx, bridge, self, by)
}

func (p patient) Contact(ctx context.Context, bridge string, account bridges.AccountID, id bridges.ChatID) (mapping.Contact, bool, error) {
	defer resting(ctx).enter()
	return p.Store.Contact(ctx, bridge, account, id)
}

func (p patient) EachContact(ctx context.Context, bridge string, account bridges.AccountID, f func(mapping.Contact) error) error {
	defer resting(ctx).enter()
	return p.Store.EachContact(ctx, bridge, account, f)
}

func (p patient) MessageByID(ctx context.Context, bridge string, id bridges.MessageID) (mapping.Message, bool, error) {
	defer resting(ctx).enter()
	return p.Store.MessageByID(ctx, bridge, id)
}

func (p patient) Parts(ctx context.Context, bridge string, account bridges.AccountID, chat bridges.ChatID, stanza string) ([]mapping.Message, error) {
	defer resting(ctx).enter()
	return p.Store.Parts(ctx, bridge, account, chat, stanza)
}

func (p patient) Switches(ctx context.Context, bridge string) (map[string]string, error) {
	defer resting(ctx).enter()
	return p.Store.Switches(ctx, bridge)
}

// resting says that the step of ctx only waits, until its trial enters again.
func resting(ctx context.Context) *trial {
	x := trialOf(ctx)
	x.leave()
	return x
}

// until waits until done is closed; false: ctx has ended before.
func until(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
	}
	defer resting(ctx).enter()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	defer resting(ctx).enter()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// insist calls f, which asks the store, until it succeeds or ctx ends; then it
// returns false.
func (g *Gateway) insist(ctx context.Context, what string, f func() error) bool {
	for {
		err := f()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		g.log.Error("the store does not answer: cannot "+what, "err", err)
		sleep(ctx, time.Second)
	}
}
