package gateway

import (
	"testing"
	"time"
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
