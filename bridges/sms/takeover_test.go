package sms

import (
	"context"
	"slices"
	"testing"

	"causeway/bridges"
	"causeway/bridges/takeover"
	"causeway/bridges/takeover/takeovertest"
	"causeway/cmd/lab"
)

// serve runs a bridge with a keeper; leave ends it as a handover does.
func serve(t *testing.T, c Config, k takeover.Keeper) (b *Bridge, h *fakeHost, leave func()) {
	t.Helper()
	b, err := New(c, slogDiscard, registry(), k)
	if err != nil {
		t.Fatal(err)
	}
	h, end := runUntil(t, b)
	return b, h, func() { end(takeover.ErrHandover) }
}

// A long text that is cut off between two parts goes on with the next one and
// the same reference, and has the ids of all.
func TestLongTextGoesOnAfterTakeover(t *testing.T) {
	s := newScript(t, answer{}, answer{status: 0x64})
	k := takeovertest.New(t)
	b, _, leave := serve(t, config(s.address()), k)
	if b.Remembers() {
		t.Error("it remembers a predecessor that was none")
	}
	_, err := open(t, b).Send(t.Context(), message(long))
	wantError(t, err, bridges.Temporary, "not sent")
	leave()
	b, _, _ = serve(t, config(s.address()), k)
	ids, err := open(t, b).Send(t.Context(), message(long))
	if err != nil || len(ids) != 3 || !b.Remembers() {
		t.Fatal(ids, err)
	}
	again, err := open(t, b).Send(t.Context(), message(long))
	if err != nil || !slices.Equal(again, ids) {
		t.Error(again, err)
	}
	s.wentOn(t)
	b.Settled(message(long).Key)
	if _, err := open(t, b).Send(t.Context(), message(long)); err != nil || len(s.submits()) != 7 {
		t.Errorf("settled: %d submits, %v", len(s.submits()), err)
	}
}

// With another connector than the predecessor had, not all that it sent is
// known.
func TestRemembersItsConnectorsOnly(t *testing.T) {
	k := new(takeover.Memory)
	one, both := config("127.0.0.1:1"), config("127.0.0.1:1", "127.0.0.1:2")
	for i, c := range []struct {
		cfg  Config
		want bool
	}{{one, false}, {one, true}, {both, false}, {both, true}, {one, false}} {
		b, err := New(c.cfg, slogDiscard, registry(), k)
		if err != nil {
			t.Fatal(err)
		}
		if b.Remembers() != c.want {
			t.Errorf("%d: remembers: %v", i, !c.want)
		}
	}
	if newBridge(t, one).Remembers() {
		t.Error("without a keeper")
	}
}

// A successor goes on in the middle of a window and of a delivery, with a
// centre that others wrote: that sees one bind and each text once.
func TestRealCentresSeeNoTakeover(t *testing.T) {
	eachCentre(t, func(t *testing.T, c *lab.Centre) {
		k := takeovertest.New(t)
		texts := []string{"one", "two", "three", "four", "five", "six", "seven", "eight"}
		b, _, leave := serve(t, config(c.Address), k)
		ctx, cancel := context.WithCancelCause(t.Context())
		cut := make(chan error, len(texts))
		for _, text := range texts {
			go func() {
				_, err := open(t, b).Send(ctx, message(text))
				cut <- err
			}()
		}
		seen := []string{c.Next("submit").Text}
		leave()
		cancel(takeover.ErrHandover)
		for range texts {
			next(t, cut)
		}
		b, h, _ := serve(t, config(c.Address), k)
		for _, text := range texts {
			if ids, err := open(t, b).Send(t.Context(), message(text)); err != nil || len(ids) != 1 {
				t.Error(text, ids, err)
			}
		}
		for range len(texts) - 1 {
			seen = append(seen, c.Next("submit").Text)
		}
		if slices.Sort(seen); !slices.Equal(seen, slices.Sorted(slices.Values(texts))) {
			t.Errorf("the centre got %q", seen)
		}
		if status := c.Text(phone[1:], number[1:], "žluť"); status != 0 {
			t.Errorf("answered by %#x", status)
		}
		if e := next(t, h.came).Event.(bridges.Message); e.Text != "žluť" {
			t.Errorf("came %+v", e)
		}
		c.None()
		if n := b.events("adopted"); n != 1 || b.events("binds") != 0 {
			t.Errorf("%d taken over, %d new binds", n, b.events("binds"))
		}
	})
}
