package component

import (
	"bytes"

	"causeway/bridges/takeover"
)

// The bounds of the ledger, in entries of entrySize bytes. A rewriting that a
// death interrupts leaves a copy behind, and its repetition another.
const (
	maxPending  = 2 * int(maxWindow)
	ringEntries = 3 * maxPending
	entrySize   = 24
)

// pending is a stanza that was written and whose settlement is not yet on the
// gateway's disk.
type pending struct {
	key   Key
	end   uint64 // offset behind its last byte
	taken bool   // the server has it for certain; in the ring, end is 0 then
}

func appendPending(b []byte, p pending) []byte {
	if p.taken {
		p.end = 0
	}
	b = order.AppendUint64(b, p.key.Cycle)
	b = order.AppendUint64(b, p.end)
	return order.AppendUint64(b, uint64(p.key.Index))
}

// decodePending reads a ring; false: it is none of pending.
func decodePending(r *takeover.Ring) (all []pending, ok bool) {
	b := r.Content()
	if len(b)%entrySize != 0 {
		return nil, false
	}
	for ; len(b) > 0; b = b[entrySize:] {
		index := order.Uint64(b[16:])
		p := pending{key: Key{order.Uint64(b), uint32(index)}, end: order.Uint64(b[8:])}
		p.taken = p.end == 0
		if p.key == (Key{}) || index > 1<<32-1 {
			return nil, false
		}
		all = append(all, p)
	}
	return all, true
}

// survivors chooses what a successor must not write again, those first that
// the server has: what ends at or before answered, or has no end. What ends
// behind written was noted, but its batch was not. Of a key that is there
// twice the last entry counts: the copy of a rewriting, or the second sending
// of a stanza that came back.
func survivors(all []pending, answered, written uint64) (list []pending) {
	last := make(map[Key]int, len(all))
	for i, p := range all {
		last[p.key] = i
	}
	var unsure []pending
	for i, p := range all {
		switch {
		case last[p.key] != i:
		case p.end <= answered:
			p.taken = true
			list = append(list, p)
		case p.end <= written:
			unsure = append(unsure, p)
		}
	}
	return append(list, unsure...)
}

// ledger is the ring of the note. Its entries are, in order, those that the
// server has answered for and whose settlement is not on disk, and those of
// outbox.entries that are written. The lock of the outbox guards it.
type ledger struct {
	ring     *takeover.Ring
	buf      []byte
	receipts []*receipt // in order
	answered int        // entries of all receipts
}

// receipt is what one answer of the server has settled.
type receipt struct {
	n    int // entries
	done bool
}

// write enters what is about to be written.
func (l *ledger) write(entries []keyed) {
	l.buf = l.buf[:0]
	for i := range entries {
		l.buf = appendPending(l.buf, pending{key: entries[i].key, end: entries[i].end})
	}
	l.ring.Write(l.buf)
}

// settle makes the receipt for the next n entries.
func (l *ledger) settle(n int) *receipt {
	r := &receipt{n: n}
	l.receipts = append(l.receipts, r)
	l.answered += n
	return r
}

// done says that the settlement of r is on disk, and releases what no earlier
// receipt holds.
func (l *ledger) done(r *receipt) {
	r.done = true
	n := 0
	for len(l.receipts) > 0 && l.receipts[0].done {
		n += l.receipts[0].n
		l.receipts = l.receipts[1:]
	}
	l.answered -= n
	l.ring.Release(l.ring.Head() + uint64(n*entrySize))
}

// lose follows the loss of the connection: what the server has stays, that is
// what has a receipt and the first taken entries behind it.
func (l *ledger) lose(taken int) {
	all, _ := decodePending(l.ring)
	keep := all[:l.answered+taken]
	for i := range keep {
		keep[i].taken = true
	}
	l.replace(keep)
}

// replace puts a list in the place of all entries. A death between the two
// steps leaves the old entries before the new ones.
func (l *ledger) replace(list []pending) {
	l.buf = l.buf[:0]
	for _, p := range list {
		l.buf = appendPending(l.buf, p)
	}
	if !bytes.HasSuffix(l.ring.Content(), l.buf) {
		if l.ring.Room() < len(l.buf) { // no link has left so much
			l.ring.Reset(0)
		}
		l.ring.Write(l.buf)
	}
	l.ring.Release(l.ring.Tail() - uint64(len(l.buf)))
}
