package media

import (
	"context"
	"sync"

	"causeway/bridges"
)

// atOnce bounds the files of one account that are fetched at a time: one user
// with many links must not have all sockets.
const atOnce = 4

// turns bounds how much is done for each account at a time.
type turns struct {
	most int

	mu   sync.Mutex
	held map[bridges.AccountID]*turn // of those for whom something is done
}

type turn struct {
	seats chan struct{}
	users int // who sits or waits
}

// take waits for a seat until ctx ends. What it returns gives the seat back,
// once.
func (t *turns) take(ctx context.Context, a bridges.AccountID) (done func(), err error) {
	x := t.enter(a)
	select {
	case x.seats <- struct{}{}:
		return sync.OnceFunc(func() { <-x.seats; t.leave(a, x) }), nil
	case <-ctx.Done():
		t.leave(a, x)
		return nil, context.Cause(ctx)
	}
}

// try is take without waiting.
func (t *turns) try(a bridges.AccountID) (done func(), ok bool) {
	x := t.enter(a)
	select {
	case x.seats <- struct{}{}:
		return sync.OnceFunc(func() { <-x.seats; t.leave(a, x) }), true
	default:
		t.leave(a, x)
		return nil, false
	}
}

func (t *turns) enter(a bridges.AccountID) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.held[a]
	if x == nil {
		x = &turn{seats: make(chan struct{}, t.most)}
		if t.held == nil {
			t.held = map[bridges.AccountID]*turn{}
		}
		t.held[a] = x
	}
	x.users++
	return x
}

func (t *turns) leave(a bridges.AccountID, x *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x.users--; x.users == 0 {
		delete(t.held, a)
	}
}
