package matrix

import (
	"context"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

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
		return j.takenBack(ctx, i)
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
	if err := j.asks(ctx, account, x.Person); err != nil {
		return err
	}
	return j.catchUp(ctx, i, &backlog{behind: x.Invite, account: account})
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

// asks has a person who has invited the ghost of an account ask for being a contact; the
// bot has none.
func (j *joins) asks(ctx context.Context, account bridges.AccountID, person bridges.UserID) error {
	if account == "" {
		return nil
	}
	return j.b.host.Deliver(ctx, []bridges.Delivery{{Account: account, Event: bridges.ContactRequest{Person: person}}})
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

// takenBack forgets an invitation that is not there any more, unless it came anew meanwhile.
func (j *joins) takenBack(ctx context.Context, i invitation) error {
	return j.b.book.change(ctx, func(p *page) error {
		r, err := p.room(i.room)
		if err != nil || r.Invite != "" && r.Ghost == i.ghost {
			return err
		}
		if r.Invite == "" {
			j.quiet(i.room)
		}
		return p.set(i.key(), nil)
	})
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
	_, secret, err := encryption(ctx, u, room)
	return secret, err
}

// encryption returns by what a room is encrypted, if it is.
func encryption(ctx context.Context, u *client.User, room string) (e event.Event, secret bool, err error) {
	e, err = u.StateEvent(ctx, room, typeEncryption, "")
	if client.Is(err, "M_NOT_FOUND") {
		return e, false, nil
	}
	return e, err == nil, err
}
