package sqlite

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"sync"

	"causeway/bridges"
)

// entry says where a message stands, and under which hashes it is found. The
// upper half of stanza is the account's, so that its messages lie together.
type entry struct {
	seq        int64
	id, stanza int64
}

func newEntry(seq int64, bridge string, id bridges.MessageID, account bridges.AccountID, stanza string) entry {
	return entry{seq, idHash(bridge, id), stanzaHash(account, stanza)}
}

// idHash is on disk: it never changes. Two ids may share one, so a row found
// by it is compared.
func idHash(bridge string, id bridges.MessageID) int64 {
	return int64(hash(bridge, string(id)))
}

// stanzaHash is on disk, too.
func stanzaHash(account bridges.AccountID, stanza string) int64 {
	return accountHash(account) | int64(hash(string(account), stanza)>>32)
}

// accountHash is the least stanzaHash of an account; the greatest is
// accountHash | accountRange.
func accountHash(account bridges.AccountID) int64 {
	return int64(hash(string(account), "") &^ accountRange)
}

const accountRange = 1<<32 - 1

// hash is of two strings that users choose: they must not be able to make many
// that share one.
func hash(a, b string) uint64 {
	var buf [256]byte
	sum := sha256.Sum256(append(append(append(buf[:0], a...), 0), b...))
	return binary.BigEndian.Uint64(sum[:])
}

// generation is an index of messages in memory.
type generation struct {
	ids     map[int64]int64
	stanzas map[int64][]int64
	entries map[int64]entry
}

func newGeneration() *generation {
	return &generation{map[int64]int64{}, map[int64][]int64{}, map[int64]entry{}}
}

func (g *generation) add(e entry) {
	g.entries[e.seq] = e
	g.ids[e.id] = e.seq
	g.stanzas[e.stanza] = append(g.stanzas[e.stanza], e.seq)
}

func (g *generation) drop(seq int64) {
	e, ok := g.entries[seq]
	if !ok {
		return
	}
	delete(g.entries, seq)
	if g.ids[e.id] == seq {
		delete(g.ids, e.id)
	}
	g.stanzas[e.stanza] = slices.DeleteFunc(g.stanzas[e.stanza], func(s int64) bool { return s == seq })
}

// fresh is the index of the messages that are not in the one on disk yet: the
// young, and the old, which are being written there.
type fresh struct {
	mu         sync.RWMutex
	young, old *generation
	full       chan struct{} // has an entry when there are many young
}

// freshLimit is how many messages the index on disk gets at once.
const freshLimit = 1 << 15

func newFresh() *fresh {
	return &fresh{young: newGeneration(), old: newGeneration(), full: make(chan struct{}, 1)}
}

// update enters what is new and forgets what is gone.
func (f *fresh) update(added []entry, dropped []int64) {
	if len(added)+len(dropped) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range added {
		f.young.add(e)
	}
	for _, seq := range dropped {
		f.young.drop(seq)
		f.old.drop(seq)
	}
	if len(f.young.entries) >= freshLimit {
		select {
		case f.full <- struct{}{}:
		default:
		}
	}
}

// turn makes the young old, and returns all that are old.
func (f *fresh) turn() []entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.old.entries) == 0 {
		f.old, f.young = f.young, newGeneration()
	}
	return slices.Collect(maps.Values(f.old.entries))
}

// isOld tells whether a message is among the old.
func (f *fresh) isOld(seq int64) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, ok := f.old.entries[seq]
	return ok
}

// written forgets the old.
func (f *fresh) written() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.old = newGeneration()
}

func (f *fresh) byID(h int64) (seq int64, ok bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if seq, ok = f.young.ids[h]; !ok {
		seq, ok = f.old.ids[h]
	}
	return seq, ok
}

func (f *fresh) byStanza(h int64) []int64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Concat(f.old.stanzas[h], f.young.stanzas[h])
}

// ofAccount returns the messages with the hash of an account.
func (f *fresh) ofAccount(account int64) (seqs []int64) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, g := range []*generation{f.old, f.young} {
		for _, e := range g.entries {
			if e.stanza&^accountRange == account {
				seqs = append(seqs, e.seq)
			}
		}
	}
	return seqs
}
