package sms

import (
	"math/rand/v2"
	"sync"

	"causeway/bridges"
)

// The bounds of memory here, in entries.
const (
	maxReferences = 8192
	maxProgress   = 1024
)

// references counts long messages for each pair of numbers: a phone puts parts
// with one reference together, and 256 messages lie between two with the same.
type references struct {
	mu   sync.Mutex
	last map[pair]byte
}

type pair struct{ from, to string }

func (r *references) next(from, to string) byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := pair{from, to}
	n, ok := r.last[p]
	if !ok {
		n = byte(rand.Uint32())
		if len(r.last) >= maxReferences {
			clear(r.last)
		}
	}
	r.last[p] = n + 1
	return n + 1
}

// progress is a message of several parts, some of which a centre has.
type progress struct {
	by  *connector
	ref byte
	ids []bridges.MessageID
}

// begun keeps the progress of messages between attempts, by Message.Key: the
// next attempt goes on where the last one stopped, so that no part is paid for
// and shown twice. It is lost with the process; the gateway then says, or
// risks, what Unknown allows.
type begun struct {
	mu sync.Mutex
	m  map[string]progress
}

func (b *begun) take(key string) (progress, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.m[key]
	delete(b.m, key)
	return p, ok
}

func (b *begun) keep(key string, p progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.m) >= maxProgress {
		for k := range b.m {
			delete(b.m, k)
			break
		}
	}
	b.m[key] = p
}
