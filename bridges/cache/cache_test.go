package cache

import "testing"

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
