package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"causeway/bridges"
)

// repeatTime is how long a user's message is known, so that a client that
// sends it again after a resumed connection sends one text.
const repeatTime = 10 * time.Minute

// repeats remembers the messages of users by a part of their hash, in few
// bytes each: ten minutes at thousands of messages a second. It forgets by
// halves.
type repeats struct {
	mu       sync.Mutex
	new, old map[uint64]uint32 // part of the hash → seconds of Unix time
	turned   time.Time
}

// repeatsLimit bounds each half.
const repeatsLimit = 1_000_000

func newRepeats() *repeats { return &repeats{new: map[uint64]uint32{}} }

// repeatHash is of what makes two messages one: sender, contact, id and body.
func repeatHash(id bridges.AccountID, contact, stanzaID, text string) [16]byte {
	b := make([]byte, 0, 512)
	for _, s := range [...]string{string(id), contact, stanzaID, text} {
		b = append(append(b, s...), 0)
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

func (r *repeats) has(h [16]byte, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := binary.LittleEndian.Uint64(h[:])
	at, ok := r.new[k]
	if !ok {
		at, ok = r.old[k]
	}
	return ok && now.Sub(time.Unix(int64(at), 0)) <= repeatTime+time.Second
}

func (r *repeats) add(h [16]byte, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.new) >= repeatsLimit || at.Sub(r.turned) > repeatTime {
		r.old, r.new, r.turned = r.new, map[uint64]uint32{}, at
	}
	r.new[binary.LittleEndian.Uint64(h[:])] = uint32(at.Unix())
}

// expire gives the memory of an idle gateway back.
func (r *repeats) expire(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.turned) > 2*repeatTime && len(r.new)+len(r.old) > 0 {
		r.old, r.new = nil, map[uint64]uint32{}
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
	r := read(m.s, time.Now())
	return m.s.ID != "" && r.text != "" && g.repeats.has(repeatHash(c.user.id, c.contact, m.s.ID, r.text), time.Now())
}
