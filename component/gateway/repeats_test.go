package gateway

import (
	"context"
	"testing"
	"time"

	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

func TestRepeats(t *testing.T) {
	r, start := newRepeats(), time.Unix(1_700_000_000, 0)
	hash := func(n int) [16]byte { return repeatHash(alice, phone, string(rune(n)), "x") }
	for n := range 100 {
		r.add(hash(n), start.Add(time.Duration(n)*repeatTime/10))
	}
	now := start.Add(99 * repeatTime / 10)
	r.expire(now)
	for n := range 100 {
		age := time.Duration(99-n) * repeatTime / 10
		switch known := r.has(hash(n), now); {
		case age <= repeatTime && !known:
			t.Errorf("forgotten after %v", age)
		case age > repeatTime+repeatSpan && known:
			t.Errorf("known after %v", age)
		}
	}
	r.add(hash(99), now) // twice is once
	n := 0
	for _, s := range r.spans {
		n += len(s.hashes)
	}
	if n != r.hashes || n > 14 {
		t.Errorf("%d are counted, %d in memory", r.hashes, n)
	}
	r.expire(now.Add(repeatTime + repeatSpan + time.Second))
	if r.hashes != 0 || len(r.spans) != 0 {
		t.Errorf("%d are left", r.hashes)
	}
}

// slowBook is a store that takes long to tell what was sent.
type slowBook struct {
	*memStore
	read chan struct{}
}

func (s *slowBook) RecentSent(ctx context.Context, bridge string, since time.Time, f func(mapping.Sent) error) error {
	select {
	case <-s.read:
		return s.memStore.RecentSent(ctx, bridge, since, f)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestTheBookIsReadBehind: after a start all but texts is handled at once. A
// text waits until it is known what was sent before.
func TestTheBookIsReadBehind(t *testing.T) {
	s := &slowBook{newMemStore(), make(chan struct{})}
	registered(s, alice, number)
	again := repeatHash(alice, phone, "again", "hello")
	if err := s.Commit(t.Context(), &mapping.Batch{PutSent: []mapping.Sent{{Bridge: domain, Hash: again, At: time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	r := start(t, s, bridgetest.SMS())
	r.greeting()
	r.Send(text("again", "hello") + text("other", "how are you"))
	r.barrier(alice)
	if n := len(r.bridge.Sent()); n > 0 {
		t.Fatalf("%d texts were sent before the book was read", n)
	}
	close(s.read)
	r.wantOnPhone("how are you")
	r.barrier(alice)
}
