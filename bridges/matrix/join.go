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
