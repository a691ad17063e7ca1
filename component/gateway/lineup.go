package gateway

import (
	"context"
	"sync"
)

// lineup is who waits to be asked about something, or to be told of, each once however
// often it is added. Of whom nothing came is kept, to wait again later. It is safe for
// concurrent use, and takes memory only for those who wait.
type lineup[K comparable] struct {
	size    int // of queue, and of failed
	more    bell
	mu      sync.Mutex
	queue   []K
	waiting map[K]struct{} // in queue
	failed  map[K]struct{}
}

// newLineup returns a lineup in which at most size entries wait.
func newLineup[K comparable](size int) *lineup[K] {
	return &lineup[K]{size: size, more: newBell(), waiting: map[K]struct{}{}, failed: map[K]struct{}{}}
}

// add has k wait, unless it does already. False: there is no room. It does not
// block.
func (l *lineup[K]) add(k K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waits(k)
}

// waits is add, with the lock held.
func (l *lineup[K]) waits(k K) bool {
	if _, ok := l.waiting[k]; ok {
		return true
	}
	if len(l.queue) >= l.size {
		return false
	}
	l.waiting[k] = struct{}{}
	l.queue = append(l.queue, k)
	l.more.ring()
	return true
}

// take returns whose turn it is; false: nobody's.
func (l *lineup[K]) take() (k K, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return k, false
	}
	k = l.queue[0]
	clear(l.queue[:1])
	if l.queue = l.queue[1:]; len(l.queue) > 0 {
		l.more.ring() // one who looks takes one: the others are to look as well
	}
	delete(l.waiting, k)
	return k, true
}

// fails keeps k for again, if there is room.
func (l *lineup[K]) fails(k K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failed) < l.size {
		l.failed[k] = struct{}{}
	}
}

// again has all wait who failed. For whom there is no room is left to the next time.
func (l *lineup[K]) again() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := range l.failed {
		if !l.waits(k) {
			return
		}
		delete(l.failed, k)
	}
}

// forgives forgets that k failed.
func (l *lineup[K]) forgives(k K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.failed, k)
}

// each calls f with who waits until ctx ends. Who is added while f has it waits
// once more.
func (l *lineup[K]) each(ctx context.Context, f func(K)) {
	for ctx.Err() == nil {
		if k, ok := l.take(); ok {
			f(k)
			continue
		}
		select {
		case <-ctx.Done():
		case <-l.more:
		}
	}
}

// server returns a loop in which f is done for all who wait. A panic harms nobody else;
// what says in the log where it was.
func (l *lineup[K]) server(g *Gateway, what string, f func(ctx context.Context, k K)) func(ctx context.Context) {
	return func(ctx context.Context) {
		l.each(ctx, func(k K) {
			g.contain(what, step{run: func(ctx context.Context) { f(ctx, k) }})
		})
	}
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
