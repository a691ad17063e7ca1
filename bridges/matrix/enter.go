package matrix

import (
	"context"
	"errors"
	"slices"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

// pages and pageSize bound what is read of a room.
const pages, pageSize = 10, 100

// Why a ghost declines, or leaves, in words for the person.
const (
	declineNobody = "Nobody is registered at the gateway with this address."
	declineMany   = "This gateway carries chats of two people only."
	leaveMute     = "Nothing can be written here from the gateway."
)

// accept has a ghost join a room, and delivers what was said there before.
func (j *joins) accept(ctx context.Context, i invitation) error {
	b := j.b
	account, ok, err := b.host.Owner(ctx, i.ghost)
	if err != nil {
		return err
	}
	ok = ok || b.isBot(i.ghost)
	x, err := b.book.look(ctx).room(i.room)
	if err != nil {
		return err
	}
	switch {
	case !ok:
		return j.decline(ctx, i, declineNobody)
	case x.Ghost == "", x.Ghost == i.ghost && x.Invite == "": // it was taken back, or the ghost is there
		return b.book.change(ctx, func(p *page) error { return p.set(i.key(), nil) })
	case x.Ghost != i.ghost:
		return j.decline(ctx, i, declineMany)
	}
	if err := b.appears(ctx, i.ghost, account); err != nil {
		return err
	}
	u := b.as(i.ghost)
	if err := u.Join(ctx, i.room); err != nil {
		return err
	}
	all, err := u.Members(ctx, i.room)
	if err != nil {
		return err
	}
	if _, two := fits(all, pair{i.ghost, x.Person}); !two {
		return j.decline(ctx, i, declineMany)
	}
	secret, err := encrypted(ctx, u, i.room)
	if err != nil {
		return err
	}
	if err := j.entered(ctx, i, secret); err != nil {
		return err
	}
	return j.catchUp(ctx, i, x, account)
}

// entered notes that a ghost is in a room: an answer to what is delivered next goes
// there.
func (j *joins) entered(ctx context.Context, i invitation, secret bool) error {
	return j.b.book.change(ctx, func(p *page) error {
		r, err := p.room(i.room)
		if err != nil || r.Ghost != i.ghost {
			return err // it was thrown out meanwhile
		}
		r.GhostIs, r.Encrypted = joined, r.Encrypted || secret
		if err := p.setRoom(i.room, r); err != nil || r.Encrypted {
			return err // finished has it leave
		}
		return p.settleOn(i.room, pair{r.Ghost, r.Person}, true)
	})
}

// decline leaves a room, or refuses to enter it.
func (j *joins) decline(ctx context.Context, i invitation, why string) error {
	u := j.b.as(i.ghost)
	err := u.Leave(ctx, i.room, why)
	if refuses(err) { // the homeserver lets people invite whom we said is not there
		if err = u.Register(ctx); err == nil {
			err = u.Leave(ctx, i.room, why)
		}
	}
	if err != nil {
		return err
	}
	return j.forget(ctx, i)
}

// forget notes that a ghost is not in a room, and no longer invited.
func (j *joins) forget(ctx context.Context, i invitation) error {
	return j.b.book.change(ctx, func(p *page) error {
		j.quiet(i.room)
		r, err := p.room(i.room)
		if err == nil && r.Ghost == i.ghost {
			err = p.abandon(i.room, r)
		}
		if err != nil {
			return err
		}
		return p.set(i.key(), nil)
	})
}

// encrypted tells whether a room is.
func encrypted(ctx context.Context, u *client.User, room string) (bool, error) {
	var c struct{}
	err := u.State(ctx, room, typeEncryption, "", &c)
	if client.Is(err, "M_NOT_FOUND") {
		return false, nil
	}
	return err == nil, err
}

// catchUp delivers what was said in a room since the invitation, and again until
// nothing came meanwhile. What the homeserver pushes of the room before that is
// passed over: so the order is the room's, and nothing is doubled.
func (j *joins) catchUp(ctx context.Context, i invitation, x room, account bridges.AccountID) error {
	for {
		j.quiet(i.room)
		missed, err := j.missed(ctx, i, x)
		if err != nil {
			return err
		}
		if err := j.deliver(ctx, i, account, missed); err != nil {
			return err
		}
		done, err := j.finished(ctx, i)
		if err != nil || done {
			return err
		}
	}
}

// deliver delivers what was said in a room before a ghost came.
func (j *joins) deliver(ctx context.Context, i invitation, account bridges.AccountID, missed []event.Event) error {
	if j.b.isBot(i.ghost) {
		return j.b.asked(ctx, i, missed)
	}
	var ds []bridges.Delivery
	for _, e := range once(missed) {
		if x := told(e); x != nil {
			ds = append(ds, bridges.Delivery{Account: account, Event: x})
		}
	}
	if len(ds) == 0 {
		return nil
	}
	return j.b.host.Deliver(ctx, ds)
}

// finished notes that an invitation is done with, unless something was said in the
// room since it was read: while the book is held, nothing can be heard.
func (j *joins) finished(ctx context.Context, i invitation) (done bool, _ error) {
	err := j.b.book.change(ctx, func(p *page) error {
		if done = j.quiet(i.room); !done {
			return nil
		}
		r, err := p.room(i.room)
		if err == nil && r.Ghost == i.ghost {
			if r.Invite = ""; r.Encrypted {
				err = j.b.shun(p, i.room, r)
			} else {
				err = p.setRoom(i.room, r)
			}
		}
		return errors.Join(err, p.set(i.key(), nil))
	})
	j.b.secrets.wake()
	return done && err == nil, err
}

// missed returns what others said in a room since the invitation, in order.
func (j *joins) missed(ctx context.Context, i invitation, x room) ([]event.Event, error) {
	var all []event.Event
	from, u := "", j.b.as(i.ghost)
	for range pages {
		p, err := u.Messages(ctx, i.room, from, client.Back, pageSize)
		if err != nil {
			return nil, err
		}
		for _, e := range p.Events {
			if e.ID == x.Invite {
				slices.Reverse(all)
				return all, nil
			}
			if e.StateKey == nil && !j.b.ours(personOf(e.Sender)) {
				all = append(all, e)
			}
		}
		if from = p.End; from == "" {
			break
		}
	}
	if from != "" {
		j.b.log.Warn("more was said before a ghost came than is read", "room", i.room, "read", len(all))
	}
	slices.Reverse(all)
	return all, nil
}
