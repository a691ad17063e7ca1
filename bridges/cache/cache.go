// Package cache keeps what is asked for often, within bounds.
package cache

import "sync"

// Cache is a bounded map that forgets what was not used for longest, by halves:
// it costs two maps and no list. It is safe for concurrent use. Make it with New.
type Cache[K comparable, V any] struct {
	mu       sync.Mutex
	half     int
	new, old map[K]V
}

// New returns a cache of at most size entries.
func New[K comparable, V any](size int) *Cache[K, V] {
	return &Cache[K, V]{half: size / 2, new: map[K]V{}}
}

// Get returns what is kept under a key.
func (c *Cache[K, V]) Get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(k)
}

func (c *Cache[K, V]) get(k K) (V, bool) {
	if v, ok := c.new[k]; ok {
		return v, true
	}
	v, ok := c.old[k]
	if ok {
		c.put(k, v)
	}
	return v, ok
}

// Set keeps a value under a key.
func (c *Cache[K, V]) Set(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(k, v)
}

// Change keeps under a key what f makes of what is kept there. Nobody else gets at the
// cache meanwhile: f neither blocks nor uses it.
func (c *Cache[K, V]) Change(k K, f func(v V, ok bool) V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(k, f(c.get(k)))
}

func (c *Cache[K, V]) put(k K, v V) {
	if len(c.new) >= c.half {
		c.old, c.new = c.new, make(map[K]V, c.half/4)
	}
	c.new[k] = v
}

// Delete forgets a key.
func (c *Cache[K, V]) Delete(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.new, k)
	delete(c.old, k)
}

// Len returns how many keys are kept.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.new)
	for k := range c.old {
		if _, both := c.new[k]; !both {
			n++
		}
	}
	return n
}
