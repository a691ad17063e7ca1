package matrix

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"causeway/bridges"
)

const (
	// atOnce is how many errands of a kind are done at the same time.
	atOnce = 16
	// firstWait and lastWait are between attempts at what the homeserver did not
	// do.
	firstWait, lastWait = 2 * time.Second, 5 * time.Minute
)

// errands are what is to be done at the homeserver: each is a note, until it is
// done. They go on after a restart, and are tried again later and later.
type errands struct {
	prefix string // begins the keys of the notes
	notes  bridges.Notes
	log    *slog.Logger
	// do does one, by its key, and tells whether it is done with: then there is no
	// such note any more. It logs what fails.
	do  func(ctx context.Context, key string) (done bool)
	due chan struct{}

	mu    sync.Mutex
	fresh bool               // there are new ones since the last look
	later map[string]attempt // what did not succeed, and when it is tried again
}

// attempt is when something is tried again, and how long after the last time.
type attempt struct {
	at   time.Time
	wait time.Duration
}

func newErrands(b *Bridge, prefix string, do func(ctx context.Context, key string) (done bool)) *errands {
	return &errands{prefix: prefix, notes: b.book.notes, log: b.log, do: do, due: make(chan struct{}, 1), later: map[string]attempt{}}
}

// expect says that a note is about to be on disk: wake follows.
func (e *errands) expect() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fresh = true
}

// wake has the notes looked at, if any was expected.
func (e *errands) wake() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fresh {
		e.fresh = false
		nudge(e.due)
	}
}

// run does errands until ctx ends: those of a predecessor, and whatever nudges due.
func (e *errands) run(ctx context.Context) {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.due:
		case <-t.C:
		}
		again, err := e.all(ctx)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("what is to be done at the homeserver cannot be read", "what", e.prefix, "err", err)
		}
		if again || err != nil {
			t.Reset(firstWait)
		}
	}
}

// all does every errand whose time has come, and tells whether one is left.
func (e *errands) all(ctx context.Context) (again bool, err error) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	now, gone := time.Now(), e.waiting()
	err = e.notes.EachNote(ctx, e.prefix, func(key string, _ []byte) error {
		delete(gone, key)
		if e.now(key, now) {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				e.note(key, e.do(ctx, key))
			})
		}
		return ctx.Err()
	})
	wg.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	for key := range gone {
		if err == nil {
			delete(e.later, key) // it was done with another
		}
	}
	return len(e.later) > 0, err
}

// waiting returns what did not succeed.
func (e *errands) waiting() map[string]attempt {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.later)
}

// now tells whether the time of an errand has come.
func (e *errands) now(key string, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !now.Before(e.later[key].at)
}

// note notes whether an errand is done with, else when it is tried again.
func (e *errands) note(key string, done bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if done {
		delete(e.later, key)
		return
	}
	wait := min(max(2*e.later[key].wait, firstWait), lastWait)
	e.later[key] = attempt{time.Now().Add(wait), wait}
}
