package bridgetest

import (
	"context"
	"testing"

	"causeway/bridges"
)

var (
	_ bridges.Leaver = (*Bridge)(nil)
	_ bridges.Ender  = (*Bridge)(nil)
)

// Left is what the network was told of somebody with whom an account is done. Without
// a Person it is the end of the account.
type Left struct {
	Account bridges.Account
	Person  bridges.UserID
}

// Lefts has each that the network was given, in order.
func (b *Bridge) Lefts() <-chan Left { return b.left }

// OnLeave sets what becomes of it from now on.
func (b *Bridge) OnLeave(f func(l Left) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leave = f
}

// Leave implements bridges.Leaver.
func (b *Bridge) Leave(_ context.Context, account bridges.Account, person bridges.UserID) error {
	return b.leaves(Left{account, person})
}

// End implements bridges.Ender.
func (b *Bridge) End(_ context.Context, account bridges.Account) error {
	return b.leaves(Left{Account: account})
}

func (b *Bridge) leaves(l Left) error {
	b.mu.Lock()
	f := b.leave
	b.mu.Unlock()
	b.left <- l
	if f != nil {
		return f(l)
	}
	return nil
}

// checkEnds wants an account to be done with somebody, and with the network, at any
// time and twice, and to go on or begin anew after that.
func checkEnds(t *testing.T, s Subject) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	end := func(ctx context.Context) (err error) {
		if e, ok := s.Bridge.(bridges.Ender); ok {
			err = e.End(ctx, s.Account)
		}
		return err
	}
	leave := func(ctx context.Context) (err error) {
		if l, ok := s.Bridge.(bridges.Leaver); ok {
			err = l.Leave(ctx, s.Account, bridges.UserID(s.Chat))
		}
		return err
	}
	for _, text := range []string{"first", "after it was left", "after the end"} {
		session := s.open(ctx, t)
		if _, err := session.Send(ctx, s.message(text)); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := leave(ctx); err != nil {
			t.Error(err)
		}
		if err := leave(ctx); err != nil {
			t.Errorf("again: %v", err)
		}
		if err := session.Close(); err != nil {
			t.Error(err)
		}
		if text == "first" {
			continue
		}
		for range 2 {
			if err := end(ctx); err != nil {
				t.Errorf("the end: %v", err)
			}
		}
	}
	gone, over := context.WithCancel(t.Context())
	over()
	s.checkAnswer(t, leave(gone))
	s.checkAnswer(t, end(gone))
}
