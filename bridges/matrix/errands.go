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
	// atOnce is how many errands of a kind are done at the same time, and atOnceFor
	// how many of them for one stranger: see errands.stranger.
	atOnce, atOnceFor = 16, 4
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
	do func(ctx context.Context, key string) (done bool)
	// stranger names who can let an errand take long, by its key; empty: nobody. Nil:
	// nobody ever can.
	stranger func(ctx context.Context, key string) string

	due   chan struct{}
	slots chan struct{} // holds one for each under way

	mu    sync.Mutex
	fresh bool               // there are new ones since the last look
	busy  map[string]int     // those under way, by stranger
	under map[string]bool    // those under way; true: it was come across again meanwhile
	later map[string]attempt // what did not succeed, and when it is tried again
}

// attempt is when something is tried again, and how long after the last time.
type attempt struct {
	at   time.Time
	wait time.Duration
}

func newErrands(b *Bridge, prefix string, do func(ctx context.Context, key string) (done bool)) *errands {
	return &errands{
		prefix: prefix, notes: b.book.notes, log: b.log, do: do, due: make(chan struct{}, 1), slots: make(chan struct{}, atOnce),
		busy: map[string]int{}, under: map[string]bool{}, later: map[string]attempt{},
	}
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
	var wg sync.WaitGroup
	defer wg.Wait()
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.due:
		case <-t.C:
		}
		again, err := e.all(ctx, &wg)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("what is to be done at the homeserver cannot be read", "what", e.prefix, "err", err)
		}
		if again || err != nil {
			t.Reset(firstWait)
		}
	}
}

// all begins every errand whose time has come, and tells whether one has failed
// before, or has no place yet. It does not wait for their ends: a homeserver far away
// that lets one wait holds up no others, unless there are many such.
func (e *errands) all(ctx context.Context, wg *sync.WaitGroup) (again bool, err error) {
	now, gone := time.Now(), e.waiting()
	err = e.notes.EachNote(ctx, e.prefix, func(key string, _ []byte) error {
		delete(gone, key)
		from := ""
		if e.stranger != nil {
			from = e.stranger(ctx, key)
		}
		begins, full := e.begins(key, from, now)
		again = again || full
		if !begins {
			return ctx.Err()
		}
		e.slots <- struct{}{} // each has its deadlines, and ends with ctx
		wg.Go(func() {
			defer func() { <-e.slots }()
			e.ended(key, from, e.past(ctx, key) || e.do(ctx, key))
		})
		return ctx.Err()
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	for key := range gone {
		if err == nil {
			delete(e.later, key) // it was done with another
		}
	}
	return again || len(e.later) > 0, err
}

// waiting returns what did not succeed.
func (e *errands) waiting() map[string]attempt {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.later)
}

// begins tells whether the time of an errand has come, which is under way from then
// on, or would be, but for the others of that stranger.
func (e *errands) begins(key, from string, now time.Time) (begins, full bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, is := e.under[key]
	switch {
	case is:
		e.under[key] = true
		return false, false
	case now.Before(e.later[key].at):
		return false, false
	case from != "" && e.busy[from] >= atOnceFor:
		return false, true
	}
	e.under[key] = false
	e.busy[from]++
	return true, false
}

// past tells whether an errand that was come across is done with: it was ended just
// then. Where nobody can say, it is not.
func (e *errands) past(ctx context.Context, key string) bool {
	_, there, err := e.notes.Note(ctx, key)
	return err == nil && !there
}

// ended notes whether an errand is done with, else when it is tried again. One that
// was come across meanwhile may be there anew.
func (e *errands) ended(key, from string, done bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[from]--; e.busy[from] == 0 {
		delete(e.busy, from)
	}
	met := e.under[key]
	delete(e.under, key)
	if done {
		delete(e.later, key)
	} else {
		wait := min(max(2*e.later[key].wait, firstWait), lastWait)
		e.later[key] = attempt{time.Now().Add(wait), wait}
	}
	if met || !done {
		nudge(e.due)
	}
}
