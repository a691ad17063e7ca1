package matrix

import (
	"context"
	"sync"
	"time"
)

const (
	// atOnce is how many invitations are answered at the same time.
	atOnce = 16
	// firstWait and lastWait are between attempts at what the homeserver did not
	// do.
	firstWait, lastWait = 2 * time.Second, 5 * time.Minute
)

// joins answers invitations: they are notes until that is done.
type joins struct {
	b   *Bridge
	due chan struct{}

	mu    sync.Mutex
	fresh bool                   // something was heard since the last look
	news  map[string]struct{}    // rooms of invitations in which something was said since they were read
	later map[invitation]attempt // what did not succeed, and when it is tried again
}

// attempt is when an invitation is answered again, and how long after the last time.
type attempt struct {
	at   time.Time
	wait time.Duration
}

func newJoins(b *Bridge) *joins {
	return &joins{b: b, due: make(chan struct{}, 1), news: map[string]struct{}{}, later: map[invitation]attempt{}}
}

// wake has the invitations looked at, if anything was heard.
func (j *joins) wake() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.fresh {
		return
	}
	j.fresh = false
	nudge(j.due)
}

// heard says that there is something to read in a room to which a ghost is
// invited. The caller holds the book: see finished.
func (j *joins) heard(room string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.news[room], j.fresh = struct{}{}, true
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
		if err != nil && ctx.Err() == nil {
			j.b.log.Warn("invitations cannot be read", "err", err)
		}
		if again || err != nil {
			t.Reset(firstWait)
		}
	}
}

// all answers every invitation whose time has come, and tells whether one is left.
func (j *joins) all(ctx context.Context) (again bool, err error) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	now := time.Now()
	err = j.b.book.notes.EachNote(ctx, joinNotes, func(key string, _ []byte) error {
		if i, ok := invitationOf(key); ok && j.now(i, now) {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				j.note(i, j.answer(ctx, i))
			})
		}
		return ctx.Err()
	})
	wg.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.later) > 0, err
}

// now tells whether the time of an invitation has come.
func (j *joins) now(i invitation, now time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !now.Before(j.later[i].at)
}

// note notes whether an invitation is done with, else when it is tried again.
func (j *joins) note(i invitation, done bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if done {
		delete(j.later, i)
		return
	}
	wait := min(max(2*j.later[i].wait, firstWait), lastWait)
	j.later[i] = attempt{time.Now().Add(wait), wait}
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
