package bridgetest

import (
	"context"
	"sync"
	"testing"

	"causeway/bridges"
)

// waiter is a bridges.Waiter that closes c.
type waiter struct {
	once sync.Once
	c    chan struct{}
}

// Waits implements bridges.Waiter.
func (w *waiter) Waits() { w.once.Do(func() { close(w.c) }) }

// waiting returns a context for a call, and what is closed when that waits.
func waiting(ctx context.Context) (context.Context, <-chan struct{}) {
	w := &waiter{c: make(chan struct{})}
	return context.WithValue(ctx, bridges.WaiterKey{}, w), w.c
}

// checkWaited wants what was called with that context to have waited.
func checkWaited(t *testing.T, waits <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-waits:
	default:
		t.Errorf("%s never calls bridges.Waits", what)
	}
}

// checkWaits wants a message that goes to the network to be announced as
// waiting. Without that a message is put away for nothing when the program is
// killed three times while the network takes its time.
func checkWaits(t *testing.T, s Subject) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ctx, waits := waiting(ctx)
	session := s.open(t.Context(), t)
	if _, err := session.Send(ctx, s.message("patience")); err != nil {
		t.Fatal(err)
	}
	checkWaited(t, waits, "Send")
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}
