package smpp

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"causeway/bridges/takeover"
)

// keepTime is how long the outcome of a submit is kept at least that nobody has
// settled: longer than its message takes to the disk.
const keepTime = time.Minute

// submits are what is known of submits, in memory and in the note. Their
// number is bounded: when all places are taken, the oldest go that nobody has
// asked for in keepTime, whole messages at a time; else the next has to wait.
// Of a predecessor's, nobody has asked yet.
type submits struct {
	mu     sync.Mutex
	at     map[digest]*entry // the first part of each message
	free   []*entry
	serial uint64
	room   chan struct{} // somebody may find a place
}

// entry is a submit and its place in the note.
type entry struct {
	submitRecord
	slot    *takeover.Slot
	next    *entry        // another part of the message
	told    bool          // somebody knows that its outcome is unknown
	settled bool          // nobody will ask again: it goes when it is not open any more
	caller  bool          // a Submit is about it
	asked   time.Time     // when the last one ended
	over    chan struct{} // closed when it is not open any more; nil: nobody waits
}

func newSubmits(slots []*takeover.Slot) *submits {
	t := &submits{at: map[digest]*entry{}, room: make(chan struct{}, 1)}
	all := make([]entry, len(slots))
	for i := range all {
		e := &all[i]
		e.slot = slots[i]
		r, ok := decodeSubmit(e.slot.Get())
		if !ok {
			e.slot.Clear()
			t.free = append(t.free, e)
			continue
		}
		e.submitRecord = r
		t.serial = max(t.serial, r.serial)
		t.link(e)
	}
	slices.Reverse(t.free)
	return t
}

func (t *submits) link(e *entry) { e.next, t.at[e.key] = t.at[e.key], e }

// find returns the entry of a part, or nil.
func (t *submits) find(k digest, part byte) *entry {
	e := t.at[k]
	for e != nil && e.part != part {
		e = e.next
	}
	return e
}

// claim returns the entry of a submit that is to be sent; or nil, and what
// became of it. It waits while it is under way, and for a place.
func (t *submits) claim(ctx context.Context, k Ticket) (*entry, answer) {
	key := digestOf(k.Key)
	for {
		e, a, wait := t.try(key, k)
		if wait == nil {
			return e, a
		}
		again := time.NewTimer(time.Second) // until another may be old enough
		select {
		case <-wait:
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return nil, t.impatient(ctx, key, k.Part)
		}
		again.Stop()
	}
}

// try is claim without waiting: wait is not nil when the caller has to.
func (t *submits) try(key digest, k Ticket) (e *entry, a answer, wait <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e = t.find(key, k.Part)
	switch {
	case e == nil:
		if e = t.take(); e == nil {
			return nil, a, t.room
		}
		e.key, e.part = key, k.Part
		t.link(e)
	case e.state == answered:
		e.asked = time.Now()
		return nil, answer{status: e.status, id: e.id}, nil
	case e.state == lost && !e.told:
		e.told, e.asked = true, time.Now()
		return nil, answer{err: fmt.Errorf("%w: %w", ErrUnknown, errBefore)}, nil
	case e.state == open || e.caller:
		if e.over == nil {
			e.over = make(chan struct{})
		}
		return nil, a, e.over
	}
	e.mark, e.state, e.told, e.caller = k.Mark, reserved, false, true
	return e, a, nil
}

// impatient is what a caller gets whose ctx ends in claim.
func (t *submits) impatient(ctx context.Context, key digest, part byte) answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.find(key, part)
	if handedOver(ctx) || e == nil || e.state != open {
		return answer{err: failure(ctx)}
	}
	e.told = true
	return answer{err: fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())}
}

// take returns a free entry; nil: there is none. The caller holds mu.
func (t *submits) take() *entry {
	if len(t.free) == 0 {
		t.evict(time.Now().Add(-keepTime))
	}
	n := len(t.free)
	if n == 0 {
		return nil
	}
	e := t.free[n-1]
	t.free = t.free[:n-1]
	if n > 1 {
		poke(t.room) // for the next who waits
	}
	return e
}

// evict makes room by an eighth of what could go. The caller holds mu.
func (t *submits) evict(before time.Time) {
	var idle []*entry
	for _, first := range t.at {
		if first.idle(before) {
			idle = append(idle, first)
		}
	}
	slices.SortFunc(idle, func(a, b *entry) int { return cmp.Compare(a.serial, b.serial) })
	for _, e := range idle[:(len(idle)+7)/8] {
		t.forget(e)
	}
}

// idle tells whether a message can go.
func (e *entry) idle(before time.Time) bool {
	for ; e != nil; e = e.next {
		if e.caller || e.state == open || e.asked.After(before) {
			return false
		}
	}
	return true
}

// forget frees all parts of the message with this first entry. One that is in
// use is freed when it is not any more. The caller holds mu.
func (t *submits) forget(e *entry) {
	delete(t.at, e.key)
	for e != nil {
		next := e.next
		e.next, e.settled = nil, true
		t.tidy(e)
		e = next
	}
}

// tidy frees an entry that nobody needs. The caller holds mu.
func (t *submits) tidy(e *entry) {
	if e.caller || e.state == open || !e.settled && e.state != reserved {
		return
	}
	if !e.settled {
		t.unlink(e)
	}
	e.slot.Clear()
	*e = entry{slot: e.slot}
	t.free = append(t.free, e)
	poke(t.room)
}

func (t *submits) unlink(e *entry) {
	p := t.at[e.key]
	if p == e {
		if e.next == nil {
			delete(t.at, e.key)
		} else {
			t.at[e.key] = e.next
		}
		return
	}
	for p.next != e {
		p = p.next
	}
	p.next = e.next
}

// errBefore says why nobody waited for the answer to a submit.
var errBefore = fmt.Errorf("the bind of an earlier attempt ended before the answer")
