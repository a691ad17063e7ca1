package component

import (
	"runtime"
	"time"
)

const endTag = "</stream:stream>"

// writer is the writing half of a stream: one goroutine that takes batches
// from the outbox. The fields are guarded by outbox.mu where noted.
type writer struct {
	base     uint64        // see writeMark
	offset   uint64        // bytes written
	rest     []byte        // of the batch in which a predecessor stopped
	farewell []byte        // guarded: the last bytes of the stream
	drain    bool          // guarded: the queue goes before the farewell
	sent     chan struct{} // closed when the writer has ended
}

// bye ends the stream with these bytes; with drain, behind what is queued.
func (s *stream) bye(farewell string, drain bool) {
	s.l.out.mu.Lock()
	if s.w.farewell == nil {
		s.w.farewell, s.w.drain = []byte(farewell), drain
	}
	s.l.out.mu.Unlock()
	s.l.out.poke()
}

// next returns what is to be written now; nil when there is nothing yet.
func (s *stream) next(now time.Time) (b batch, final bool) {
	o, w := s.l.out, &s.w
	o.mu.Lock()
	defer o.mu.Unlock()
	if w.rest != nil { // it may begin and end in the middle of a stanza
		b.data, w.rest = w.rest, nil
		return b, false
	}
	if w.farewell == nil || w.drain {
		b = o.take(w.offset)
		b.data = s.barrier.extend(b.data, b.keyed+o.asked, w.offset, now)
		o.asked = 0
	}
	if w.farewell != nil && (!w.drain || len(o.queue) == 0) {
		b.data, final = append(b.data, w.farewell...), true
	}
	return b, final
}

// write writes until the stream has ended. It returns nil after the farewell.
func (s *stream) write() error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	defer close(s.w.sent)
	for {
		b, final := s.next(time.Now())
		if len(b.data) > 0 {
			if err := s.flush(b.data, final); err != nil {
				return err
			}
			if final {
				return nil
			}
			s.l.out.recycle(b.data)
			s.settled()
			continue
		}
		sleep, owed := s.barrier.wait(time.Now())
		if s.silent(owed) {
			return errSilent
		}
		timer.Reset(sleep)
		select {
		case <-s.l.out.wake:
			runtime.Gosched() // who is ready to send adds to the batch
		case <-timer.C:
		case <-s.done:
			return nil
		}
	}
}

// flush notes and writes one batch. A server that reads nothing for as long as
// it may be silent is given up.
func (s *stream) flush(data []byte, final bool) error {
	w := &s.w
	if err := s.l.hook("ring written"); err != nil {
		return err
	}
	s.l.note.setWrite(writeMark{conn: s.id, base: w.base, offset: w.offset, batch: data, closed: final})
	if err := s.l.hook("noted write"); err != nil {
		return err
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.l.t.silence))
	if s.stopping.Load() {
		_ = s.conn.SetWriteDeadline(time.Now())
	}
	n, err := s.conn.Write(data)
	w.offset += uint64(n)
	s.l.m.bytesOut.Add(float64(n))
	if err != nil {
		return err
	}
	return s.l.hook("written")
}

// silent tells whether an answer is owed for too long, and the reader waits
// for the server as long: a reader that waits for the journal says nothing
// about the server.
func (s *stream) silent(owed time.Duration) bool {
	return owed >= s.l.t.silence && s.idle(time.Since(s.born)) >= s.l.t.silence
}

// settled sets the gauge, and tells who waits for the last settlement.
func (s *stream) settled() {
	n := s.l.out.unsettled()
	s.l.m.unsettled.Set(float64(n))
	if n == 0 {
		select {
		case s.drained <- struct{}{}:
		default:
		}
	}
}
