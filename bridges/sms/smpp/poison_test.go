package smpp

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"causeway/bridges/takeover/takeovertest"
)

// deadly is a handler that dies of a text.
type deadly struct {
	*world
	deaths atomic.Int64
}

func (d *deadly) Deliver(ctx context.Context, stream uint64, batch []*DeliverSM, try func(func())) []Status {
	try(func() {
		for _, m := range batch {
			if string(m.Payload()) == "mo 2" {
				d.deaths.Add(1)
				d.mu.Lock()
				l := d.now
				d.mu.Unlock()
				l.die()
				l.c.at(pointDelivered) // does not return
			}
		}
	})
	return d.world.Deliver(ctx, stream, batch, try)
}

// A message of which the process dies costs three lives; then it is refused.
// The others lose nothing.
func TestPoisonInTheHandler(t *testing.T) {
	w := newWorld(t)
	h := &deadly{world: w}
	w.h = h
	for i := range 3 {
		l := w.live(nil)
		w.await("the bind", func() bool { return w.counts[Binds] == 1 })
		if i == 0 {
			w.send(5)
		}
		l.over()
	}
	l := w.live(nil)
	w.await("the answers", func() bool { return len(w.replies) == 5 && len(w.answered) == 4 })
	l.cancel(nil)
	l.over()
	if n := h.deaths.Load(); n != 3 || w.statuses[3] != PermanentAppError || w.counts[Poison] != 1 || w.binds != 1 || len(w.journal) != 4 {
		t.Errorf("%d deaths, %v, counted %v, journal %q", n, w.statuses, w.counts, w.journal)
	}
	for i := range uint32(5) {
		if w.replies[i+1] != 1 || w.enquired[i+1] != 1 {
			t.Errorf("message %d: %d answers", i+1, w.replies[i+1])
		}
	}
}

// The same of what the client itself dies of, whatever it is.
func TestPoisonInTheReader(t *testing.T) {
	w := newWorld(t)
	l := w.bound()
	l.die()
	l.over()
	// Three deaths over the first PDU, as trial notes them.
	w.send(2)
	from := l.c.note.ring.Tail()
	b, _ := decodeBind(l.c.note.bind.Get())
	r := trialRecord{stream: b.stream, from: from, to: from + 1, deaths: 2, running: true}
	r.set(l.c.note.reading)
	l = w.live(nil)
	w.await("the answers", func() bool { return len(w.replies) == 2 })
	l.cancel(nil)
	l.over()
	if w.statuses[1] != PermanentAppError || w.statuses[2] != OK || w.counts[Poison] != 1 || w.binds != 1 {
		t.Errorf("%v, counted %v", w.statuses, w.counts)
	}
}

// An answer that is skipped leaves its submit of unknown outcome; a request of
// another kind is refused.
func TestSkip(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		ce := r.bind()
		done := r.submit("hello")
		p := ce.expect(cmdSubmit)
		r.c.mu.Lock()
		s := r.c.session
		r.c.mu.Unlock()
		p.command |= response
		s.skip(p)
		if got := <-done; got.err == nil {
			t.Errorf("got %+v", got)
		}
		s.skip(pdu{command: cmdEnquireLink, sequence: 9, to: 99})
		if q := ce.expect(cmdNack); q.sequence != 9 || q.status != SystemError {
			t.Errorf("got %+v", q)
		}
		synctest.Wait()
	})
}

// Deaths are counted once each, of what was in hand only, and whoever was in
// hand with others is handled alone.
func TestTrial(t *testing.T) {
	n, _ := openNote(takeovertest.New(t))
	next := func() (*trial, bool) {
		tr := &trial{slot: n.reading, stream: 7}
		_, found := tr.adopt()
		return tr, found
	}
	tr, found := next()
	if found || tr.enter(10, 20, 50) != 50 {
		t.Error("a range")
	}
	for range 3 { // takeovers without a death in hand in between
		if tr, found = next(); found || !tr.suspects(10) || !tr.suspects(40) || tr.suspects(50) {
			t.Error("suspects")
		}
	}
	if tr.enter(10, 20, 50) != 20 {
		t.Error("not alone")
	}
	tr.leave()
	tr.enter(20, 30, 50)
	if tr, found = next(); found || tr.suspects(10) || tr.suspects(30) || !tr.suspects(20) {
		t.Error("the second death")
	}
	tr.enter(20, 30, 50)
	if _, found = next(); !found {
		t.Error("the third death")
	}
	other := &trial{slot: n.reading, stream: 8}
	if _, found = other.adopt(); found {
		t.Error("of another bind")
	}
}
