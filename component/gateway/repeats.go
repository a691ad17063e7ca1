package gateway

import (
	"crypto/sha256"
	"sync"
	"time"

	"causeway/bridges"
)

// repeatTime is how long a user's message is known, so that a client that
// sends it again after a resumed connection sends one text.
const repeatTime = 10 * time.Minute

// repeats remembers the messages of users by hash. It forgets by halves.
type repeats struct {
	mu       sync.Mutex
	new, old map[[16]byte]time.Time
	turned   time.Time
}

// repeatsLimit bounds each half.
const repeatsLimit = 100_000

func newRepeats() *repeats { return &repeats{new: map[[16]byte]time.Time{}} }

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
	at, ok := r.new[h]
	if !ok {
		at, ok = r.old[h]
	}
	return ok && now.Sub(at) <= repeatTime
}

func (r *repeats) add(h [16]byte, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.new) >= repeatsLimit || at.Sub(r.turned) > repeatTime {
		r.old, r.new, r.turned = r.new, map[[16]byte]time.Time{}, at
	}
	r.new[h] = at
}
