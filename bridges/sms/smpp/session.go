package smpp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"causeway/bridges/takeover"
)

const (
	maxInbox      = 1000            // messages that wait for Deliver
	maxInboxBytes = 4 << 20         // of their bodies
	maxOut        = 1 << 20         // octets that wait to be written
	leaveTime     = 3 * time.Second // for the answers that are due at the end
	unbindTime    = 2 * time.Second
	drainTime     = time.Second // for what is left in a broken connection
)

var (
	errStopped  = errors.New("stopped")
	errUnbound  = errors.New("the centre ended the bind")
	errSilent   = errors.New("the centre does not answer enquire_link")
	errIgnored  = errors.New("the centre does not answer submits")
	errForgot   = errors.New("the centre says that there is no bind")
	errPoison   = errors.New("the answer cannot be read")
	errTimeout  = errors.New("no answer in time")
	errNotBound = fmt.Errorf("%w: the bind has ended", ErrNotBound)
)

// session is one bind, from its success to the end of its connection. Four
// goroutines serve it: read, write, deliver and watch.
type session struct {
	c      *Client
	wire   *wire
	note   *note
	stream uint64
	seen   seen
	free   chan *request // the places in the window
	ended  chan struct{}
	more   chan struct{} // there is something to write
	came   chan struct{} // there is something to deliver
	room   chan struct{} // inbox or out have room again
	owing  chan struct{} // a debt was entered

	delivering trial // for the goroutine that delivers only

	mu        sync.Mutex
	ledger    ledger
	out       []byte // to be written
	spare     []byte // what out will be next
	inbox     inbox
	busy      []*DeliverSM  // is being delivered
	torn      int           // octets at the start of out that are not whole PDUs
	leaving   bool          // write out, then end: the centre has unbound
	forgotten bool          // the centre does not know the bind any more: no new submits
	draining  chan struct{} // not nil: no new submits; closed when nothing is open
	parted    bool          // unbind is queued: what comes is for the next bind
	closed    error         // why it ended
	broken    error         // why writing ended
	heard     time.Time     // the last read
	answered  time.Time     // the last answer to a submit
	held      bool          // reading waits for room
}

// seen is what only the goroutine that reads uses.
type seen struct {
	place  uint64 // behind the last PDU that was handled
	replay uint64 // up to where a predecessor may have handled them
	// What a predecessor has answered: up to these places, see writeRecord.
	answeredTo, repliedTo uint64
	answeredBy            uint64 // offset behind those answers
	trial                 trial
	poison                poisonRecord
	fresh                 bool // the last read brought messages
}

func newSession(c *Client, w *wire, stream uint64) *session {
	now := time.Now()
	s := &session{
		c: c, wire: w, note: c.note, stream: stream,
		seen:       seen{place: w.read, trial: trial{slot: c.note.reading, stream: stream}},
		delivering: trial{slot: c.note.delivering, stream: stream},
		free:       make(chan *request, c.cfg.Window), ended: make(chan struct{}),
		more: make(chan struct{}, 1), came: make(chan struct{}, 1),
		room: make(chan struct{}, 1), owing: make(chan struct{}, 1),
		ledger: ledger{sequence: w.sequence, asked: make(map[uint32]*request), queued: w.sent, written: w.sent, read: w.sent, handled: w.read},
		heard:  now, answered: now,
	}
	for range c.cfg.Window {
		s.free <- newSubmit()
	}
	return s
}

// poke wakes who waits on c, now or next.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// serve returns why the bind ended when all its goroutines have. It tells lost
// as soon as it ends.
func (s *session) serve(ctx context.Context, lost func(error)) error {
	deliver, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var work sync.WaitGroup
	work.Go(s.read)
	work.Go(s.write)
	work.Go(func() { s.deliver(ctx, deliver) })
	work.Go(s.watch)
	select {
	case <-s.ended:
	case <-ctx.Done():
		if handedOver(ctx) && s.wire.kept {
			s.end(takeover.ErrHandover)
		} else {
			s.leave()
		}
	}
	s.end(errStopped)
	lost(s.closed)
	cancel()
	s.wire.conn.SetDeadline(time.Unix(1, 0))
	work.Wait()
	if s.handedOver() {
		s.wire.under.Close() // ours alone: the connection is held
		return s.closed
	}
	s.settle()
	s.fail()
	s.c.close(s.wire)
	return s.closed
}

// handedOver tells whether a successor goes on with the bind.
func (s *session) handedOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed == takeover.ErrHandover
}

// end says that the bind is over; the first reason counts.
func (s *session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.close(why)
}

// close is end for a caller who holds mu.
func (s *session) close(why error) {
	if s.closed == nil {
		s.closed = why
		close(s.ended)
	}
}

// leave waits for the answers that are due on both sides, and unbinds.
func (s *session) leave() {
	s.mu.Lock()
	drained := make(chan struct{})
	s.draining = drained
	s.drain()
	s.mu.Unlock()
	late := time.NewTimer(min(leaveTime, s.c.cfg.AnswerTimeout))
	defer late.Stop()
	select {
	case <-drained:
	case <-s.ended:
		return
	case <-late.C:
	}
	r := &request{command: cmdUnbind, done: make(chan answer, 1)}
	if !s.ask(r, nil, time.Now()) {
		return
	}
	late.Reset(min(unbindTime, s.c.cfg.AnswerTimeout))
	select {
	case <-r.done:
	case <-s.ended:
	case <-late.C:
	}
}

// drain tells leave when nothing is open. The caller holds mu.
func (s *session) drain() {
	if s.draining == nil || len(s.busy) > 0 || len(s.ledger.asked) > 0 {
		return
	}
	select {
	case <-s.draining:
	default:
		close(s.draining)
	}
}

// settle reports the answers that have arrived.
func (s *session) settle() {
	acked, _ := s.wire.acked()
	s.mu.Lock()
	gone := s.ledger.arrived(acked)
	s.mu.Unlock()
	if len(gone) == 0 {
		return
	}
	for _, d := range gone {
		if !d.batch[0].poison {
			s.c.h.Answered(s.stream, d.batch)
		}
	}
	s.mu.Lock()
	s.release()
	s.mu.Unlock()
	poke(s.room)
}

// fail ends the requests that are open when nothing is read or written any
// more.
func (s *session) fail() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.ledger.asked {
		s.giveUp(r, s.closed)
	}
}

// complete gives a request its answer. The caller holds mu.
func (s *session) complete(r *request, a answer) {
	delete(s.ledger.asked, r.sequence)
	s.drain()
	if s.forgotten && len(s.ledger.asked) == 0 {
		s.close(errForgot)
	}
	if !r.left {
		r.done <- a
	} else if r.command == cmdSubmit {
		s.giveBack(r)
	}
}

// giveBack frees a place in the window. It does so without waiting: those of a
// predecessor with a larger window do not come back.
func (s *session) giveBack(r *request) {
	r.entry = nil
	select {
	case s.free <- r:
	default:
	}
}
