package bridgetest

import (
	"context"
	"testing"

	"causeway/bridges"
)

var (
	_ bridges.Presenter = (*Bridge)(nil)
	_ bridges.Prober    = (*Bridge)(nil)
)

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

// OnProbe sets what is said of who is asked about from now on; nil: nothing.
func (b *Bridge) OnProbe(f func(person bridges.UserID) (bridges.Presence, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probe = f
}

// Probe implements bridges.Prober.
func (b *Bridge) Probe(_ context.Context, _ bridges.Account, person bridges.UserID) (bridges.Presence, error) {
	b.mu.Lock()
	f := b.probe
	b.mu.Unlock()
	if f == nil {
		return bridges.Presence{}, nil
	}
	return f(person)
}

// checkProber wants an answer of everybody, who may be nobody, and an end.
func checkProber(t *testing.T, s Subject) {
	p, ok := s.Bridge.(bridges.Prober)
	if !ok || !s.Bridge.Info().Can.Has(bridges.CanPresence) {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for _, person := range append([]string{string(s.Chat), "", "\xff\x00"}, s.Bad...) {
		e, err := p.Probe(ctx, s.Account, bridges.UserID(person))
		s.checkAnswer(t, err)
		if e.Show > bridges.Unavailable {
			t.Errorf("%q is there as %d", person, e.Show)
		}
	}
	gone, end := context.WithCancel(t.Context())
	end()
	_, err := p.Probe(gone, s.Account, bridges.UserID(s.Chat))
	s.checkAnswer(t, err)
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
