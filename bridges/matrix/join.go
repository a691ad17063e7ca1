package matrix

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

const (
	// atOnce is how many invitations are answered at the same time.
	atOnce = 16
	// firstWait and lastWait are between attempts at what the homeserver did not
	// do.
	firstWait, lastWait = 2 * time.Second, 5 * time.Minute
	// pages bounds what is read of what was said before the ghost was there.
	pages, pageSize = 10, 100
)

// Why a ghost declines, or leaves, in words for the person.
const (
	declineNobody = "Nobody is registered at the gateway with this address."
	declineMany   = "This gateway carries chats of two people only."
	leaveMute     = "Nothing can be written here from the gateway."
)

// joins answers invitations: they are notes until that is done.
type joins struct {
	b    *Bridge
	due  chan struct{}
	mu   sync.Mutex
	news map[string]struct{} // rooms of pending invitations in which something was said since it was looked
}

func newJoins(b *Bridge) *joins {
	return &joins{b: b, due: make(chan struct{}, 1), news: map[string]struct{}{}}
}

// wake has the invitations looked at, if anything was heard.
func (j *joins) wake() {
	j.mu.Lock()
	n := len(j.news)
	j.mu.Unlock()
	if n == 0 {
		return
	}
	select {
	case j.due <- struct{}{}:
	default:
	}
}

// heard says that there is something to read in a room to which a ghost is
// invited. The caller holds the book: see finished.
func (j *joins) heard(room string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.news[room] = struct{}{}
}

// quiet tells whether nothing was heard of a room since the last call.
func (j *joins) quiet(room string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, heard := j.news[room]
	delete(j.news, room)
	return !heard
}

// run answers invitations until ctx ends.
func (j *joins) run(ctx context.Context) {
	wait := firstWait
	t := time.NewTimer(0) // those of a predecessor
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.due:
		case <-t.C:
		}
		again, err := j.all(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			j.b.log.Warn("invitations cannot be read", "err", err)
			again = true
		case !again:
			wait = firstWait
			t.Stop()
			continue
		}
		t.Reset(wait)
		wait = min(2*wait, lastWait)
	}
}

// all answers every invitation that waits, and tells whether one has to be tried
// again.
func (j *joins) all(ctx context.Context) (again bool, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, atOnce)
	err = j.b.book.notes.EachNote(ctx, joinNotes, func(key string, _ []byte) error {
		i, ok := invitationOf(key)
		if !ok {
			return nil
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if !j.answer(ctx, i) {
				mu.Lock()
				again = true
				mu.Unlock()
			}
		})
		return ctx.Err()
	})
	wg.Wait()
	return again, err
}

// answer answers one invitation, and tells whether it is done with.
func (j *joins) answer(ctx context.Context, i invitation) bool {
	err := j.accept(ctx, i)
	if err == nil {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	if refuses(err) {
		j.b.log.Info("an invitation is no longer there", "room", i.room, "ghost", i.ghost, "err", err)
		err = j.forget(ctx, i)
	}
	if err != nil {
		j.b.log.Warn("an invitation will be answered later", "room", i.room, "ghost", i.ghost, "err", err)
	}
	return err == nil
}

// accept has a ghost join a room, and delivers what was said there before.
func (j *joins) accept(ctx context.Context, i invitation) error {
	b := j.b
	account, ok, err := b.host.Owner(ctx, i.ghost)
	if err != nil {
		return err
	}
	x, err := b.book.look(ctx).room(i.room)
	if err != nil {
		return err
	}
	switch {
	case !ok:
		return j.decline(ctx, i, declineNobody)
	case x.Ghost != i.ghost:
		return j.decline(ctx, i, declineMany)
	case x.Invite == "":
		return j.forget(ctx, i) // it was taken back
	}
	if err := b.appear(ctx, i.ghost, account); err != nil {
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
		return errors.Join(p.setRoom(i.room, r), p.settleOn(i.room, pair{r.Ghost, r.Person}, true))
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
		var ds []bridges.Delivery
		for _, e := range missed {
			if text := words(e); text != "" {
				ds = append(ds, delivery(account, e, text))
			}
		}
		if len(ds) > 0 {
			if err := j.b.host.Deliver(ctx, ds); err != nil {
				return err
			}
		}
		done, err := j.finished(ctx, i)
		if err != nil || done {
			return err
		}
	}
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
			r.Invite = ""
			err = p.setRoom(i.room, r)
		}
		return errors.Join(err, p.set(i.key(), nil))
	})
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
			if e.StateKey == nil && !j.b.ghosts.owns(personOf(e.Sender)) {
				all = append(all, e)
			}
		}
		if from = p.End; from == "" {
			break
		}
	}
	slices.Reverse(all)
	return all, nil
}
