package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

const (
	// readTime bounds how long a transaction waits for rooms that are read back, and
	// readsAtOnce how many are at once.
	readTime, readsAtOnce = 20 * time.Second, 8
	// readTries is how often a transaction is refused because of a room that cannot be
	// read. A homeserver waits longer and longer, for a minute in all.
	readTries = 5
	// lookGap is between two looks at the rooms of lately; after failures it grows up to
	// lastGap.
	lookGap, lastGap = 10 * time.Second, time.Minute
	// calmTime is how long a homeserver mostly takes to push again what it failed to, and
	// calmSurely times that is enough.
	calmTime, calmSurely = 5 * time.Second, 6
	// glance is how many events are on the first page: mostly the anchor is on it.
	glance = 20
	// unanchored is how far back a room is read that has no anchor: what was taken is known
	// by its id.
	unanchored = 10 * time.Minute
)

// batch is what is taken at once: a transaction, and what belongs before it or behind it.
type batch struct {
	events, ephemeral []event.Event
	read              []string // rooms that were read back
	life              uint64   // of the homeserver, in which they were
}

// readBack reads back those rooms that were not yet read in this life of the homeserver,
// or all, and puts what was said there among the events that were pushed: what it will push
// still is among that, too, and is a repetition then. The caller holds b.turn.
func (b *Bridge) readBack(ctx context.Context, rooms []string, pushed []event.Event, all bool) (batch, error) {
	x := batch{events: pushed}
	due, life := b.anchors.unread(rooms, all)
	if len(due) == 0 {
		return x, nil
	}
	x.life = life
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	defer context.AfterFunc(b.running, cancel)()
	back, errs := make([][]event.Event, len(due)), make([]error, len(due))
	var wg sync.WaitGroup
	slots := make(chan struct{}, readsAtOnce)
	for i, room := range due {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			back[i], errs[i] = b.missed(ctx, room)
		})
	}
	wg.Wait()
	for i, room := range due {
		switch err := errs[i]; {
		case errors.Is(err, errNoGhost):
			continue
		case refuses(err): // it was thrown out
			back[i] = nil
		case err != nil && (len(pushed) == 0 || b.anchors.fails(room) < readTries):
			return x, err
		case err != nil:
			b.log.Error("a room cannot be read back: of what was said there something may be missing", "room", room, "err", err)
			back[i] = nil
		}
		x.read = append(x.read, room)
		x.events = b.with(x.events, room, back[i])
	}
	return x, nil
}

// with puts what was read back in a room among what was pushed. What was pushed and not
// read is older than the anchor.
func (b *Bridge) with(pushed []event.Event, room string, back []event.Event) []event.Event {
	ids := map[string]bool{}
	for _, e := range back {
		ids[e.ID] = true
	}
	all := slices.DeleteFunc(slices.Clone(pushed), func(e event.Event) bool { return ids[e.ID] })
	if all = append(all, back...); len(all) > len(pushed) {
		b.log.Info("a room was read back", "room", room, "events", len(all)-len(pushed))
	}
	return all
}

// errNoGhost says that nobody of us is in a room and can read it.
var errNoGhost = errors.New("matrix: no ghost is in that room")

// missed returns what was said in a room behind its anchor, in order.
func (b *Bridge) missed(ctx context.Context, id string) (all []event.Event, err error) {
	r, err := b.book.look(ctx).room(id)
	anchor := b.anchors.anchor(id)
	switch {
	case err != nil:
		return nil, err
	case r.GhostIs != joined, r.Invite != "", r.Encrypted:
		return nil, errNoGhost
	case !anchor.set && b.isBot(r.Ghost):
		return nil, nil // it would answer again
	}
	oldest := time.Now().Add(-unanchored)
	_, whole, err := b.back(ctx, r.Ghost, id, glance, pages, func(e event.Event) bool {
		if anchor.set && hash(e.ID) == anchor.event || !anchor.set && (e.Time.Before(oldest) || invites(e, r.Ghost)) {
			return false
		}
		if _, again := b.taken.Get(e.ID); !again && (e.StateKey != nil || !b.ours(personOf(e.Sender))) {
			all = append(all, e)
		}
		return true
	})
	if err == nil && !whole {
		b.log.Warn("more was said in a room than is read back", "room", id, "read", pages*pageSize)
	}
	slices.Reverse(all)
	return all, err
}

// invites tells whether an event invites a ghost: nothing before it is for us.
func invites(e event.Event, ghost bridges.UserID) bool {
	var m member
	return e.Type == typeMember && e.StateKey != nil && personOf(*e.StateKey) == ghost &&
		json.Unmarshal(e.Content, &m) == nil && m.Membership == invited
}

// back calls f with the events of a room, from the newest one backwards, until that
// returns false or so many pages are read, the first of them of another size. It returns
// where the last page ends, and whether nothing was left to read.
func (b *Bridge) back(ctx context.Context, ghost bridges.UserID, room string, first, pages int, f func(event.Event) bool) (end string, whole bool, err error) {
	for n, size := 0, first; n < pages; n, size = n+1, pageSize {
		p, err := b.as(ghost).Messages(ctx, room, end, client.Back, size)
		if err != nil {
			return "", false, err
		}
		end = p.End
		for _, e := range p.Events {
			if !f(e) {
				return end, true, nil
			}
		}
		if end == "" {
			return "", true, nil
		}
	}
	return end, false, nil
}

// lookBack reads the rooms of lately back as often as the homeserver may have died,
// until ctx ends: perhaps nothing more is said in them, which would have them read. It
// does so once more when the homeserver is calm again: a transaction that Synapse makes
// while it ends its repetitions waits for the next failure.
func (b *Bridge) lookBack(ctx context.Context) {
	soon, surely := time.NewTimer(b.calm), time.NewTimer(calmSurely*b.calm) // a predecessor may have failed
	for gap := lookGap; ; {
		select {
		case <-ctx.Done():
			return
		case <-b.anchors.later:
			soon.Reset(b.calm)
			surely.Reset(calmSurely * b.calm)
			continue
		case <-soon.C:
			b.anchors.doubt()
		case <-surely.C:
			b.anchors.doubt()
		case <-b.anchors.due:
		}
		if err := b.look(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("rooms will be read back later", "err", err)
			nudge(b.anchors.due)
			gap = min(2*gap, lastGap)
		} else {
			gap = lookGap
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(gap):
		}
	}
}

// look reads the rooms of lately back.
func (b *Bridge) look(ctx context.Context) error {
	if b.anchors.nameless() {
		err := b.book.notes.EachNote(ctx, roomNotes, func(key string, _ []byte) error {
			b.anchors.name(strings.TrimPrefix(key, roomNotes))
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	rooms, life := b.anchors.lately()
	var failed error
	for _, room := range rooms {
		if err := b.lookAt(ctx, room); err != nil {
			failed = err
		}
		if ctx.Err() != nil || unanswered(failed) {
			return failed
		}
	}
	if failed == nil {
		b.anchors.looked(life)
	}
	return failed
}

// lookAt reads one room back, between two transactions.
func (b *Bridge) lookAt(ctx context.Context, room string) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	x, err := b.readBack(ctx, []string{room}, nil, false)
	if err != nil {
		return err
	}
	return b.take(ctx, x)
}

// unanswered tells whether the homeserver has not answered.
func unanswered(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Status == 0
}
