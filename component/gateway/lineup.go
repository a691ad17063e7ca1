package gateway

import (
	"context"
	"sync"
)

// lineup holds what waits for its turn, each once however often it is added. It
// is safe for concurrent use.
type lineup[K comparable] struct {
	mu      sync.Mutex
	waiting map[K]bool
	queue   chan K
}

// newLineup returns a lineup of at most size entries.
func newLineup[K comparable](size int) *lineup[K] {
	return &lineup[K]{waiting: map[K]bool{}, queue: make(chan K, size)}
}

// add has k wait, unless it does already. False: there is no room. It does not
// block.
func (l *lineup[K]) add(k K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[k] {
		return true
	}
	select {
	case l.queue <- k:
		l.waiting[k] = true
		return true
	default:
		return false
	}
}

// each calls f with what waits until ctx ends. What is added while f has it waits
// once more.
func (l *lineup[K]) each(ctx context.Context, f func(K)) {
	each(ctx, l.queue, func(k K) {
		l.mu.Lock()
		delete(l.waiting, k)
		l.mu.Unlock()
		f(k)
	})
}

// each calls f with what comes in a queue until ctx ends.
func each[T any](ctx context.Context, queue <-chan T, f func(T)) {
	for {
		select {
		case <-ctx.Done():
			return
		case x := <-queue:
			f(x)
		}
	}
}
