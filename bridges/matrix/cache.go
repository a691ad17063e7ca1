package matrix

import "sync"

// cache is a bounded map that forgets what was not used for longest, by halves.
// It is safe for concurrent use.
type cache[K comparable, V any] struct {
	mu       sync.Mutex
	half     int
	new, old map[K]V
}

// newCache returns a cache of at most size entries.
func newCache[K comparable, V any](size int) *cache[K, V] {
	return &cache[K, V]{half: size / 2, new: map[K]V{}}
}

func (c *cache[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.new[k]; ok {
		return v, true
	}
	v, ok := c.old[k]
	if ok {
		c.put(k, v)
	}
	return v, ok
}

func (c *cache[K, V]) set(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(k, v)
}

func (c *cache[K, V]) put(k K, v V) {
	if len(c.new) >= c.half {
		c.old, c.new = c.new, make(map[K]V, c.half/4)
	}
	c.new[k] = v
}

func (c *cache[K, V]) delete(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.new, k)
	delete(c.old, k)
}
