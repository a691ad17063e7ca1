package gateway

import (
	"sync"
	"time"

	"causeway/mapping"
)

// onceTime is how long a delivery without an id is remembered.
const onceTime = 10 * time.Minute

// onceBook knows the deliveries to which the network gives no id and which
// were not yet answered for certain (bridges.Delivery).
type onceBook struct {
	mu   sync.Mutex
	open map[string][]onceEntry
}

// onceEntry is one delivery. Two equal texts are two entries.
type onceEntry struct {
	stream uint64
	at     time.Time
}

func newOnceBook() *onceBook { return &onceBook{open: map[string][]onceEntry{}} }

// moved is an entry that went from one stream to another.
type moved struct {
	fp       string
	from, to uint64
}

// repeats tells whether a delivery repeats one that came over another stream.
// If so the entry moves to the new stream, which may die unanswered, too.
func (o *onceBook) repeats(fp string, stream uint64, now time.Time) (m moved, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, e := range o.open[fp] {
		if e.stream != stream && now.Sub(e.at) <= onceTime {
			o.open[fp][i].stream = stream
			return moved{fp, e.stream, stream}, true
		}
	}
	return moved{}, false
}

// restore undoes moves that did not reach the disk: the same delivery may come
// again over the same stream.
func (o *onceBook) restore(all []moved) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range all {
		for i, e := range o.open[m.fp] {
			if e.stream == m.to {
				o.open[m.fp][i].stream = m.from
				break
			}
		}
	}
}

// kept enters an event that is on disk.
func (o *onceBook) kept(in *incoming) {
	if in.Once != "" {
		o.add(in.Once, in.Stream, in.At)
	}
}

func (o *onceBook) add(fp string, stream uint64, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open[fp] = append(o.open[fp], onceEntry{stream, at})
}

// answered removes the newest entry. It tells whether none is left.
func (o *onceBook) answered(fp string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	es := o.open[fp]
	if len(es) > 1 {
		o.open[fp] = es[:len(es)-1]
		return false
	}
	delete(o.open, fp)
	return true
}

// expire forgets what is too old to be repeated. The store has its own
// retention.
func (o *onceBook) expire(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for fp, es := range o.open {
		if now.Sub(es[len(es)-1].at) > onceTime {
			delete(o.open, fp)
		}
	}
}

// Answered implements bridges.Host.
func (g *Gateway) Answered(once ...string) {
	b := new(mapping.Batch)
	for _, fp := range once {
		if fp != "" && g.once.answered(fp) {
			b.DeleteOnce = append(b.DeleteOnce, mapping.Once{Bridge: g.domain, Fingerprint: fp})
		}
	}
	if len(b.DeleteOnce) > 0 {
		g.store.Behind(b)
	}
}
