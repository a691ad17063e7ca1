package bridgetest

import (
	"context"
	"testing"

	"causeway/bridges"
)

var _ bridges.Presenter = (*Bridge)(nil)

// Presented is what the network was told of whether the owner of an account is
// there.
type Presented struct {
	Account bridges.Account
	Show    bridges.Show
	Status  string
}

// Presences has each that the network was given, in order.
func (b *Bridge) Presences() <-chan Presented { return b.seen }

// Present implements bridges.Presenter.
func (b *Bridge) Present(_ context.Context, account bridges.Account, show bridges.Show, status string) error {
	b.seen <- Presented{account, show, status}
	return nil
}

// checkPresenter wants every show to be taken, also twice, and the end without a
// beginning.
func checkPresenter(t *testing.T, s Subject) {
	p, ok := s.Bridge.(bridges.Presenter)
	if ok != s.Bridge.Info().Can.Has(bridges.CanPresence) {
		t.Fatalf("a Presenter: %t, CanPresence: %t", ok, !ok)
	}
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for _, show := range []bridges.Show{
		bridges.Unavailable, bridges.Available, bridges.Available, bridges.Away, bridges.Busy, bridges.Unavailable,
	} {
		for _, status := range []string{"", "naïve 🙂"} {
			if err := p.Present(ctx, s.Account, show, status); err != nil {
				t.Errorf("%d, %q: %v", show, status, err)
			}
		}
	}
	gone, end := context.WithCancel(t.Context())
	end()
	s.checkAnswer(t, p.Present(gone, s.Account, bridges.Unavailable, ""))
}
