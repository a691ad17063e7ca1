package smpp

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	firstPause = time.Second
	lastPause  = time.Minute
	firstSlow  = time.Minute // after a refusal that only a person can change
	lastSlow   = 15 * time.Minute
	stable     = time.Minute // a bind this old has gone well
	patient    = 5           // tries before "already bound" counts as a refusal
)

// backoff is the pause before the next try to bind.
type backoff struct {
	fails int // one after the other, of the same kind
	slow  bool
}

// next returns the pause after err; up is how long the bind lasted.
func (b *backoff) next(err error, up time.Duration) time.Duration {
	if up >= stable {
		b.fails = 0
	}
	slow := up == 0 && b.hopeless(err)
	if slow != b.slow {
		b.fails, b.slow = 0, slow
	}
	first, last := firstPause, lastPause
	if slow {
		first, last = firstSlow, lastSlow
	}
	d := min(first<<min(b.fails, 16), last)
	b.fails++
	return d/2 + rand.N(d/2+1)
}

// hopeless tells whether the centre refuses for good. It may not yet have seen
// our last bind go, or that of a process before: so it is tried some times.
func (b *backoff) hopeless(err error) bool {
	var s *StatusError
	if !errors.As(err, &s) || s.Status.Class() != Permanent {
		return false
	}
	return s.Status != AlreadyBound || b.slow || b.fails >= patient
}

// pause returns after d, or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
