package component

import (
	"context"
	"sync"
	"time"

	"causeway/component/stanza"
)

// The bounds of what waits to be written or settled.
const (
	maxPendingBytes = 4 << 20 // of keyed stanzas
	maxQueue        = 1 << 20 // bytes not yet written, beyond which Send blocks
	maxOwn          = 2 << 20 // beyond which the link's own replies are dropped
	batchSize       = 64 << 10
	maxSpare        = 4
)

// keyed is a stanza that is sent again after a lost connection until it is
// settled.
type keyed struct {
	key   Key
	data  []byte // nil: a predecessor wrote it, and nobody has sent it here yet
	end   uint64 // offset behind its last byte, or place in its batch
	taken bool   // the server has it, as a predecessor knew; end is 0
}

// batch is what one write takes.
type batch struct {
	data  []byte
	keyed int // how many entries of outbox.entries are in it
}

// outbox is everything on its way out. It outlives the connection.
type outbox struct {
	mu   sync.Mutex
	wake chan struct{} // the writer has something to do; holds one
	cork bool          // the reader adds more in a moment: see gather

	state   linkState
	queue   []batch // the last one is open
	queued  int     // bytes in queue
	entries []keyed // in order; the first written are written and not settled
	written int
	bytes   int      // of entries
	window  window   // bounds entries
	spare   [][]byte // of written batches

	ledger ledger

	// adopted has the keys that a predecessor wrote and nobody has sent here
	// yet; true: settled since.
	adopted map[Key]bool
	// again has those of them that were sent after their settlement: the next
	// answer settles them once more. asked counts those that no ping is for.
	again []Key
	asked int

	space   chan struct{} // closed when somebody may try again
	waiting bool
}

type linkState uint8

const (
	linkDown linkState = iota
	linkUp
	linkClosed
)

func newOutbox(n *note) *outbox {
	return &outbox{
		wake: make(chan struct{}, 1), space: make(chan struct{}), window: firstWindow,
		ledger: ledger{ring: n.pending},
	}
}

// room tells whether a Send may add; if not, the channel says when to look
// again.
func (b *outbox) room(k Key) (wait <-chan struct{}, err error) {
	switch {
	case b.state == linkClosed, k == Key{} && b.state == linkDown:
		return nil, ErrDown
	case k == Key{} && b.queued >= maxQueue,
		k != Key{} && b.full():
		b.waiting = true
		return b.space, nil
	}
	return nil, nil
}

// full tells whether too much is under way. What is answered counts as long as
// its settlement is not on disk, up to what the ledger holds.
func (b *outbox) full() bool {
	n := len(b.entries)
	return n >= int(b.window) || b.bytes >= maxPendingBytes || n+b.ledger.answered >= maxPending
}

// free wakes those that wait for room.
func (b *outbox) free() {
	if b.waiting {
		close(b.space)
		b.space, b.waiting = make(chan struct{}), false
	}
}

func (b *outbox) poke() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// send adds o when there is room. max bounds the bytes.
func (b *outbox) send(ctx context.Context, k Key, max int, o *stanza.Out) error {
	for {
		b.mu.Lock()
		if done, err := b.known(k, max, o); done {
			b.mu.Unlock()
			return err
		}
		wait, err := b.room(k)
		if wait == nil {
			if err == nil {
				err = b.add(k, max, o)
			}
			b.mu.Unlock()
			return err
		}
		b.mu.Unlock()
		b.poke()
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// known takes a stanza that a predecessor wrote: it is not written a second
// time, but kept in case the connection is lost. It happens once for each key:
// one that is sent again is new.
func (b *outbox) known(k Key, max int, o *stanza.Out) (bool, error) {
	settled, ok := b.adopted[k]
	if !ok {
		return false, nil
	}
	delete(b.adopted, k)
	if settled {
		b.again = append(b.again, k)
		b.asked++
		b.poke()
		return true, nil
	}
	for i := range b.entries[:b.written] {
		if e := &b.entries[i]; e.key == k && e.data == nil && !e.taken {
			data := o.Append(nil)
			if len(data) > max {
				return true, ErrTooLarge
			}
			e.data = data
			b.bytes += len(data)
		}
	}
	return true, nil
}

// open returns the batch that takes the next stanza.
func (b *outbox) open() *batch {
	if n := len(b.queue); n > 0 && len(b.queue[n-1].data) < batchSize {
		return &b.queue[n-1]
	}
	var fresh batch
	if n := len(b.spare); n > 0 {
		fresh.data, b.spare = b.spare[n-1][:0], b.spare[:n-1]
	}
	b.queue = append(b.queue, fresh)
	return &b.queue[len(b.queue)-1]
}

func (b *outbox) add(k Key, max int, o *stanza.Out) error {
	var old []byte
	var to *batch
	if k == (Key{}) || b.state == linkUp {
		to = b.open()
		old = to.data
	}
	data := o.Append(old)
	if len(data)-len(old) > max {
		return ErrTooLarge
	}
	if k != (Key{}) {
		e := keyed{key: k, data: append([]byte(nil), data[len(old):]...), end: uint64(len(data))}
		b.entries = append(b.entries, e)
		b.bytes += len(e.data)
	}
	if to == nil {
		return nil // reopen will queue it
	}
	to.data = data
	b.queued += len(data) - len(old)
	if k != (Key{}) {
		to.keyed++
	}
	if !b.cork || b.queued >= batchSize {
		b.poke()
	}
	return nil
}

// gather has the writer wait, for less than a batch, until gathered: what one
// read cycle answers goes out in one write.
func (b *outbox) gather() {
	b.mu.Lock()
	b.cork = true
	b.mu.Unlock()
}

func (b *outbox) gathered() {
	b.mu.Lock()
	b.cork = false
	more := len(b.queue) > 0
	b.mu.Unlock()
	if more {
		b.poke()
	}
}

// own adds a reply of the link itself and never waits; false: it was dropped.
func (b *outbox) own(o *stanza.Out) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state != linkUp || b.queued >= maxOwn {
		return false
	}
	return b.add(Key{}, maxOwn, o) == nil
}

// take moves the oldest batch out of the queue; its keyed stanzas count as
// written at offset. The caller holds the lock.
func (b *outbox) take(offset uint64) batch {
	if len(b.queue) == 0 {
		return batch{}
	}
	t := b.queue[0]
	b.queue = append(b.queue[:0], b.queue[1:]...)
	b.queued -= len(t.data)
	for i := range b.entries[b.written : b.written+t.keyed] {
		b.entries[b.written+i].end += offset
	}
	b.ledger.write(b.entries[b.written : b.written+t.keyed])
	b.written += t.keyed
	b.free()
	return t
}

// recycle gives the bytes of a written batch back.
func (b *outbox) recycle(data []byte) {
	if cap(data) > 2*batchSize {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.spare) < maxSpare {
		b.spare = append(b.spare, data)
	}
}

// settle removes what ends at or before offset, which the server has answered
// for in the time took. It returns the keys, and the receipt of those that are
// in the ledger.
func (b *outbox) settle(offset uint64, took time.Duration) ([]Key, *receipt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.window = b.window.after(took)
	n := 0
	for n < b.written && b.entries[n].end <= offset {
		n++
	}
	if n+len(b.again) == 0 {
		return nil, nil
	}
	keys := append(make([]Key, 0, n+len(b.again)), b.again...)
	b.again = nil
	for _, e := range b.entries[:n] {
		keys = append(keys, e.key)
		b.bytes -= len(e.data)
		if _, ok := b.adopted[e.key]; ok {
			b.adopted[e.key] = true
		}
	}
	b.entries = append(b.entries[:0], b.entries[n:]...)
	clear(b.entries[len(b.entries) : len(b.entries)+n])
	b.written -= n
	b.free()
	return keys, b.ledger.settle(n)
}

// done says that what a receipt is for need not be known to a successor.
func (b *outbox) done(r *receipt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ledger.done(r)
	b.free()
}
