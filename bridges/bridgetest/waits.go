package bridgetest

import (
	"context"
	"sync/atomic"
	"testing"

	"causeway/bridges"
)

// waiter is a bridges.Waiter.
type waiter struct{ called atomic.Bool }

// Waits implements bridges.Waiter.
func (w *waiter) Waits() { w.called.Store(true) }

// checkWaits wants a message that goes to the network to be announced as
// waiting. Without that a message is put away for nothing when the program is
// killed three times while the network takes its time.
func checkWaits(t *testing.T, s Subject) {
	w := &waiter{}
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), bridges.WaiterKey{}, w), limit)
	defer cancel()
	session := s.open(t.Context(), t)
	if _, err := session.Send(ctx, s.message("patience")); err != nil {
		t.Fatal(err)
	}
	if !w.called.Load() {
		t.Error("Send never calls bridges.Waits")
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}
