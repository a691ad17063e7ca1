package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/stanza"
)

// repeatTime is how long a user's message is known, so that a client that
// sends it again after a resumed connection sends one text.
const repeatTime = 10 * time.Minute

// repeats remembers the messages of users by a part of their hash: 14 bytes
// each, for ten minutes at thousands of messages a second. What came in the same
// quarter of that time is forgotten together, so each is known for at most a
// quarter longer.
type repeats struct {
	complete chan struct{} // closed when what was sent before the start is in
	logins   *cache.Cache[string, string]
	mu       sync.Mutex
	spans    []span // oldest first
	hashes   int    // in all spans
}

// span is what came within repeatSpan.
type span struct {
	start  time.Time
	hashes map[uint64]struct{}
}

const (
	repeatSpan = repeatTime / 4
	// repeatsLimit bounds all that is remembered.
	repeatsLimit = 2_000_000
	// uniqueID is the length, in bytes, from which an id may be random.
	uniqueID = 16
	// loginsLimit bounds the clients whose presence is remembered.
	loginsLimit = 50_000
)

func newRepeats() *repeats {
	return &repeats{complete: make(chan struct{}), logins: cache.New[string, string](loginsLimit)}
}

// isUnique tells whether a client gives an id once and never again: it is long,
// and has a digit beside the number at its end, which may count.
func isUnique(id string) bool {
	const digits = "0123456789"
	return len(id) >= uniqueID && strings.ContainsAny(strings.TrimRight(id, digits), digits)
}

// shows notes that a client showed itself as available or not. It may have begun
// to count its ids anew.
func (r *repeats) shows(s *stanza.Stanza) {
	if isShown(s) {
		r.logins.Set(strings.Clone(s.From), newID())
	}
}

// lastingMark is the mark of a message that came who knows when.
func lastingMark(id string) string {
	if isUnique(id) {
		return id
	}
	return ""
}

// mark is what names a message for good: its id, when that is unique, or else
// with it the last presence that the client showed. "": it repeats none, for to
// send a text twice is better than to lose one.
func (r *repeats) mark(s *stanza.Stanza) string {
	if login, ok := r.logins.Get(s.From); ok && s.ID != "" && !isUnique(s.ID) {
		return login + " " + s.ID
	}
	return lastingMark(s.ID)
}

// repeatHash is of what makes two messages one: sender, contact, mark and body.
func repeatHash(id bridges.AccountID, contact, mark, text string) [16]byte {
	b := make([]byte, 0, 512)
	for _, s := range [...]string{string(id), contact, mark, text} {
		b = append(append(b, s...), 0)
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// wait blocks until the book is complete; false: ctx has ended before.
func (r *repeats) wait(ctx context.Context) bool { return until(ctx, r.complete) }

func (r *repeats) has(h [16]byte, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := binary.LittleEndian.Uint64(h[:])
	for i := range r.spans {
		s := &r.spans[i]
		if _, ok := s.hashes[k]; ok && !s.over(now) {
			return true
		}
	}
	return false
}

// over tells whether all of s is older than what is remembered.
func (s *span) over(now time.Time) bool { return now.Sub(s.start) > repeatTime+repeatSpan }

func (r *repeats) add(h [16]byte, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hashes >= repeatsLimit {
		r.forget()
	}
	if n := len(r.spans); n == 0 || at.Sub(r.spans[n-1].start) > repeatSpan {
		r.spans = append(r.spans, span{at, map[uint64]struct{}{}})
	}
	last := r.spans[len(r.spans)-1].hashes
	before := len(last)
	last[binary.LittleEndian.Uint64(h[:])] = struct{}{}
	r.hashes += len(last) - before
}

// forget drops the oldest span. The caller holds the lock.
func (r *repeats) forget() {
	r.hashes -= len(r.spans[0].hashes)
	r.spans = slices.Delete(r.spans, 0, 1)
}

// expire drops what is too old.
func (r *repeats) expire(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.spans) > 0 && r.spans[0].over(now) {
		r.forget()
	}
}

// sentTexts are the texts that a conversation has sent since it began to have
// work. A repetition that was accepted in time may wait in it, behind a text
// that the network does not take, for longer than the book remembers.
type sentTexts map[[16]byte]bool

// sentLimit bounds a conversation that is never without work.
const sentLimit = 1000

func (s sentTexts) has(h [16]byte) bool { return s[h] }

func (s *sentTexts) add(h [16]byte) {
	if *s == nil || len(*s) >= sentLimit {
		*s = sentTexts{}
	}
	(*s)[h] = true
}

// repeated tells whether m repeats a text that the network has by now.
func (g *Gateway) repeated(c *conversation, m *outgoing) bool {
	said := g.readDefault(m)
	return m.mark != "" && said != "" && g.repeats.wait(g.work) && g.repeats.has(repeatHash(c.user.id, c.contact, m.mark, said), time.Now())
}
