package smpp

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"causeway/bridges/takeover"
)

// outcome is what a successor says of a submit that was under way.
func (l *life) outcome(text string) <-chan result {
	done := make(chan result, 1)
	l.work.Go(func() {
		r := result{err: takeover.ErrHandover} // if it dies on the way
		defer func() { done <- r }()
		r.id, r.err = l.c.Submit(l.ctx, Ticket{Key: text}, message(text))
	})
	return done
}

// bound starts a client and waits for its bind.
func (w *world) bound() *life {
	w.Helper()
	l := w.live(nil)
	w.await("the bind", func() bool { return w.counts[Binds]+w.counts[Adopted] > 0 })
	return l
}

// A full window whose answers come after the death: all are matched, and the
// next submits wait for their places.
func TestFullWindowAtDeath(t *testing.T) {
	w := newWorld(t)
	w.cfg.Window = 4
	hold := make(chan struct{})
	w.answer = func(string) bool { <-hold; return true }
	l := w.bound()
	l.talk(8, 1)
	w.await("a full window", func() bool { return len(w.taken) >= 1 })
	l.die()
	l.over()
	close(hold)
	w.finish(8, 1, 0)
}

// Half a PDU lies in the note or in the kernel when the process dies.
func TestHalfPDUAtDeath(t *testing.T) {
	for _, cut := range []int{1, 4, 16, 30} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			w := newWorld(t)
			l := w.live(at(pointNoted, 1))
			w.await("the bind", func() bool { return w.counts[Binds] == 1 })
			octets := w.deliverSM(1, "halved")
			w.mu.Lock()
			w.texts = append(w.texts, "halved")
			conn := w.conn
			w.mu.Unlock()
			conn.Write(octets[:cut])
			l.over()
			conn.Write(append(octets[cut:], appendBare(nil, cmdEnquireLink, OK, 1)...))
			w.finish(0, 0, 1)
		})
	}
}

// The centre goes at the moment of the death. Its answers that lie in the note
// or in the kernel count; only what has none is of unknown outcome.
func TestCentreGoneAtTakeover(t *testing.T) {
	for name, reset := range map[string]bool{"in order": false, "by a reset": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.answer = func(text string) bool { return text == "answered" }
			l := w.bound()
			if got := <-l.outcome("answered"); got.err != nil {
				t.Fatal(got.err)
			}
			open := l.outcome("open")
			w.await("the second", func() bool { return w.taken["open"] == 1 })
			l.die()
			l.over()
			if got := <-open; !errors.Is(got.err, takeover.ErrHandover) {
				t.Errorf("at the death: %+v", got)
			}
			w.cut(reset)
			w.counts = map[Event]int{}
			l = w.live(nil)
			if got := <-l.outcome("answered"); got.id != "answered" || got.err != nil {
				t.Errorf("answered: %+v", got)
			}
			if got := <-l.outcome("open"); !errors.Is(got.err, ErrUnknown) {
				t.Errorf("open: %+v", got)
			}
			w.await("another bind", func() bool { return w.binds == 2 })
			l.cancel(nil)
			l.over()
			if w.taken["answered"] != 1 || w.taken["open"] != 1 || !l.c.Remembers() {
				t.Errorf("taken %v", w.taken)
			}
		})
	}
}

// What was never written is as if it had not been submitted.
func TestNotWrittenAtDeath(t *testing.T) {
	w := newWorld(t)
	l := w.live(at(pointSlot, 1))
	w.await("the bind", func() bool { return w.counts[Binds] == 1 })
	l.outcome("early")
	l.over()
	w.cut(true)
	l = w.live(nil)
	w.await("another bind", func() bool { return w.binds == 2 && w.counts[Binds] == 2 })
	if got := <-l.outcome("early"); got.id != "early" || w.taken["early"] != 1 {
		t.Errorf("got %+v, taken %d times", got, w.taken["early"])
	}
	l.cancel(nil)
	l.over()
}

// A connection without a note, one that was unbinding, and counters that do
// not fit: the client binds anew.
func TestBindThatCannotGoOn(t *testing.T) {
	cases := map[string]func(n *note){
		"no bind": func(n *note) { n.unbound() },
		"unbinding": func(n *note) {
			r, _ := decodeWrite(n.write.Get())
			r.parted = true
			n.write.Set(r.head())
		},
		"another bind": func(n *note) {
			r := writeRecord{stream: 1}
			n.write.Set(r.head())
		},
		"more consumed than noted": func(n *note) { n.ring.Reset(0) },
		"more written than noted": func(n *note) {
			r, _ := decodeWrite(n.write.Get())
			r.offset--
			n.write.Set(r.head())
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.answer = func(string) bool { return false }
			l := w.bound()
			l.outcome("open")
			w.await("the text", func() bool { return w.taken["open"] == 1 })
			l.die()
			l.over()
			spoil(l.c.note)
			l = w.live(nil)
			w.await("another bind", func() bool { return w.binds == 2 })
			if got := <-l.outcome("open"); !errors.Is(got.err, ErrUnknown) {
				t.Errorf("open: %+v", got)
			}
			w.await("the count of it", func() bool { return w.counts[Misfits] == 1 })
			l.cancel(nil)
			l.over()
		})
	}
}

// Sequence numbers go on behind the last, around their end.
func TestSequenceWrapsAtTakeover(t *testing.T) {
	w := newWorld(t)
	hold := make(chan struct{})
	w.answer = func(text string) bool { <-hold; return true }
	l := w.bound()
	l.c.mu.Lock()
	s := l.c.session
	l.c.mu.Unlock()
	s.mu.Lock()
	s.ledger.sequence = maxSeq - 1
	s.mu.Unlock()
	l.talk(1, 1)
	w.await("the text", func() bool { return len(w.taken) == 1 })
	l.die()
	l.over()
	close(hold)
	w.finish(3, 3, 0)
}

// leaving is a handler that fails as it is left.
type leaving struct {
	*world
	left bool
}

func (h *leaving) Deliver(ctx context.Context, stream uint64, batch []*DeliverSM, try func(func())) []Status {
	if h.left {
		return h.world.Deliver(ctx, stream, batch, try)
	}
	h.left = true
	h.mu.Lock()
	l := h.now
	h.mu.Unlock()
	l.cancel(takeover.ErrHandover)
	return []Status{TemporaryAppError}
}

// A handler that fails because of the handover refuses nothing: the successor
// takes the message.
func TestDeliverFailsAtHandover(t *testing.T) {
	w := newWorld(t)
	w.h = &leaving{world: w}
	l := w.bound()
	w.send(1)
	l.over()
	w.finish(0, 0, 1)
}
