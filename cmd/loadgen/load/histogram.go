package load

import (
	"math/bits"
	"time"
)

// Histogram counts durations with an error of at most 1/16.
type Histogram struct {
	buckets [60 * 16]int
	n       int
	max     time.Duration
}

// Add counts d.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 16)
	h.max = max(h.max, d)
	exp := bits.Len64(uint64(d)) - 5
	h.buckets[exp*16+int(uint64(d)>>exp)-16]++
	h.n++
}

// Merge adds all of other.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}

// Quantile returns the duration that the share q of all does not exceed.
func (h *Histogram) Quantile(q float64) time.Duration {
	left := int(q * float64(h.n))
	for i, n := range h.buckets {
		if left -= n; left < 0 {
			return min(h.max, time.Duration(i%16+17)<<(i/16)-1)
		}
	}
	return h.max
}
