package bridges

import "context"

// WaiterKey is the key under which a context carries a Waiter.
type WaiterKey struct{}

// Waiter wants to know when a call begins to wait.
type Waiter interface{ Waits() }

// Waits says that all that is left of a Session.Send or a Bridge.Open with
// this context is to wait for the network. Until then the death of the process
// counts against the message, which has killed it perhaps; from then on it
// does not. It does not block.
func Waits(ctx context.Context) {
	if w, ok := ctx.Value(WaiterKey{}).(Waiter); ok {
		w.Waits()
	}
}
