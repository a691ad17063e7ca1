package takeover

import (
	"math"
	"sync/atomic"
)

// Ring is a queue of bytes in an area. Its places count from the first byte
// that was ever written, and do not begin anew at the end of the area. One
// goroutine writes; one, which may be another, releases.
type Ring struct {
	head, tail *atomic.Uint64
	data       []byte
}

// RingSize returns how much memory a Ring for n bytes needs.
func RingSize(n int) int { return 2*wordSize + n }

// NewRing returns the ring in an area of RingSize bytes, with what is there.
// An area in which no ring can be is emptied.
func NewRing(area []byte) *Ring {
	r := &Ring{head: word(area), tail: word(area[wordSize:]), data: area[2*wordSize:]}
	if h, t := r.head.Load(), r.tail.Load(); h > t || t-h > uint64(len(r.data)) {
		r.Reset(0)
	}
	return r
}

// Head returns the place of the first byte that is kept.
func (r *Ring) Head() uint64 { return r.head.Load() }

// Tail returns the place behind the last byte.
func (r *Ring) Tail() uint64 { return r.tail.Load() }

// Room returns how many bytes can be written.
func (r *Ring) Room() int { return len(r.data) - int(r.Tail()-r.Head()) }

// Write appends b. A successor finds all of it or none. It panics when there
// is no room for it.
func (r *Ring) Write(b []byte) {
	if len(b) > r.Room() {
		panic("takeover: a ring is full")
	}
	t := r.Tail()
	at := int(t % uint64(len(r.data)))
	n := copy(r.data[at:], b)
	copy(r.data, b[n:])
	r.tail.Store(t + uint64(len(b)))
}

// Release gives up what is before a place. Places before Head change nothing;
// one behind Tail counts as Tail.
func (r *Ring) Release(to uint64) {
	if to = min(to, r.Tail()); to > r.Head() {
		r.head.Store(to)
	}
}

// Content returns a copy of what is kept.
func (r *Ring) Content() []byte {
	h, t := r.Head(), r.Tail()
	b := make([]byte, t-h)
	n := copy(b, r.data[h%uint64(len(r.data)):])
	copy(b[n:], r.data)
	return b
}

// Reset empties the ring; its next byte has this place. Nobody may write or
// release meanwhile.
func (r *Ring) Reset(at uint64) {
	r.head.Store(math.MaxUint64) // a death before the end of this leaves no ring
	r.tail.Store(at)
	r.head.Store(at)
}
