package matrix

import (
	"context"
	"sync"
	"time"

	"causeway/bridges/matrix/event"
)

const (
	// askGap is between two questions whether a room is encrypted, while the answer may
	// not have been pushed yet.
	askGap = 5 * time.Second
	// beatGap is how often it is looked whether we run, and stoodStill for how long we did
	// not, if that means something.
	beatGap, stoodStill = time.Second, 3 * time.Second
	// lateBy is how old the newest event of a transaction may be of a homeserver that has
	// nothing older to push. One whose clock is wrong is believed after failedLong.
	lateBy, failedLong = 5 * time.Second, 30 * time.Second
)

// lag is whether what the homeserver pushes may come late: it pauses for longer and longer
// when something was not taken. The zero value has no reason to think so.
type lag struct {
	mu     sync.Mutex
	late   bool
	failed time.Time // when there was last a reason
	beat   time.Time // when we were last seen to run, by the wall clock; zero: nobody looks
}

// fails says that something was not taken, or may not have been.
func (l *lag) fails(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late, l.failed = true, now
}

// came says that the events of a transaction were taken.
func (l *lag) came(events []event.Event, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		if now.Sub(e.Time).Abs() < lateBy || now.Sub(l.failed) > failedLong {
			l.late = false
		}
	}
}

// is tells whether there is a reason.
func (l *lag) is(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rested(now)
	return l.late
}

// rested notes when we did not run for a while: the homeserver may have given up meanwhile,
// or what it has pushed waits to be read. The caller holds the lock.
func (l *lag) rested(now time.Time) {
	if !l.beat.IsZero() && now.Round(0).Sub(l.beat) > stoodStill {
		l.late, l.failed = true, now
	}
}

// beats looks whether we run, until ctx ends.
func (l *lag) beats(ctx context.Context) {
	tick := time.NewTicker(beatGap)
	defer tick.Stop()
	for {
		now := time.Now()
		l.mu.Lock()
		l.rested(now)
		l.beat = now.Round(0) // with a machine that sleeps only the wall clock goes on
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// mustAsk tells whether it is to be asked if a room is encrypted before anything is said there.
func (b *Bridge) mustAsk(x certainty, life uint64) bool {
	return x.asked.IsZero() || x.life != life || b.lag.is(time.Now()) && time.Since(x.asked) > askGap
}
