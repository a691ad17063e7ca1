package cache

import (
	"sync"
	"testing"
)

// TestBounds: what is used stays, and there are never more than asked for.
func TestBounds(t *testing.T) {
	const size = 100
	c := New[int, int](size)
	for i := range 10 * size {
		c.Set(i, i)
		if v, ok := c.Get(0); !ok || v != 0 {
			t.Fatalf("the one that is used has gone after %d", i)
		}
		if n := c.Len(); n > size {
			t.Fatalf("%d are kept", n)
		}
	}
	if _, ok := c.Get(1); ok {
		t.Error("what nobody used is kept")
	}
	c.Delete(0)
	if v, ok := c.Get(0); ok || v != 0 {
		t.Error("what was forgotten is there")
	}
}

// TestChange: what is changed at the same time by many is changed by all of them.
func TestChange(t *testing.T) {
	const many = 100
	c := New[string, int](8)
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			c.Change("n", func(n int, ok bool) int {
				if ok != (n > 0) {
					t.Errorf("%d is known: %t", n, ok)
				}
				return n + 1
			})
		})
	}
	wg.Wait()
	if n, _ := c.Get("n"); n != many {
		t.Errorf("changed %d times of %d", n, many)
	}
}
