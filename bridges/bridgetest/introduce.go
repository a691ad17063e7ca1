package bridgetest

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"testing"

	"causeway/bridges"
)

var _ bridges.Introducer = (*Bridge)(nil)

// Introduced is what the network was told of the owner of an account.
type Introduced struct {
	Account bridges.Account
	Me      bridges.Profile
}

// OnIntroduce sets the answer to introductions from now on.
func (b *Bridge) OnIntroduce(f func(ctx context.Context) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.meet = f
}

// Introductions has each that the network was given, in order.
func (b *Bridge) Introductions() <-chan Introduced { return b.met }

// Introduce implements bridges.Introducer.
func (b *Bridge) Introduce(ctx context.Context, account bridges.Account, me bridges.Profile) error {
	b.mu.Lock()
	f := b.meet
	b.mu.Unlock()
	b.met <- Introduced{account, me}
	if f != nil {
		return f(ctx)
	}
	return nil
}

// checkIntroducer wants a name with and without a picture to be taken, also twice:
// then the network is not asked.
func checkIntroducer(t *testing.T, s Subject) {
	i, ok := s.Bridge.(bridges.Introducer)
	if ok != s.Bridge.Info().Can.Has(bridges.CanIntroduce) {
		t.Fatalf("an Introducer: %t, CanIntroduce: %t", ok, !ok)
	}
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var p bytes.Buffer
	if err := png.Encode(&p, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	for _, me := range []bridges.Profile{
		{Name: "Alice"}, {Name: "Alice", Picture: p.Bytes()}, {Name: "Alice", Picture: p.Bytes()}, {Name: "naïve 🙂"},
	} {
		if err := i.Introduce(ctx, s.Account, me); err != nil {
			t.Errorf("%s, with a picture of %d bytes: %v", me.Name, len(me.Picture), err)
		}
	}
	s.Line.set(func(Step) Verdict { return Cut })
	if err := i.Introduce(ctx, s.Account, bridges.Profile{Name: "naïve 🙂"}); err != nil {
		t.Errorf("what the network has is told again: %v", err)
	}
	gone, end := context.WithCancel(t.Context())
	end()
	s.checkAnswer(t, i.Introduce(gone, s.Account, bridges.Profile{Name: "late"}))
}
