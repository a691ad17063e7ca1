package gateway

import (
	"context"
	"sync"
	"time"
)

// deadlines gives out contexts with a deadline. All that ask within a second
// share one: a timer and a place in its parent for each text would cost more
// than a text's way through the queues. So a context ends up to a second later
// than asked for, and never before its time but with its parent.
type deadlines struct {
	mu     sync.Mutex
	shared context.Context
	until  time.Time // it is given out
}

// within returns a context of parent that ends after d, or a second later. All
// callers give the same parent and d.
func (s *deadlines) within(parent context.Context, d time.Duration, now time.Time) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !now.Before(s.until) {
		ctx, cancel := context.WithTimeout(parent, d+time.Second)
		context.AfterFunc(ctx, cancel)
		s.shared, s.until = ctx, now.Add(time.Second)
	}
	return s.shared
}
