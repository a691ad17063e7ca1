package smpp

import (
	"runtime"
	"time"
)

// write sends what is queued, as much at a time as there is.
func (s *session) write() {
	for {
		select {
		case <-s.more:
		case <-s.ended:
			return
		}
		runtime.Gosched() // others that are about to submit fill the same write
		s.mu.Lock()
		b := s.out
		s.out, s.spare = s.spare[:0], nil
		s.mu.Unlock()
		s.wire.conn.SetWriteDeadline(time.Now().Add(s.c.cfg.AnswerTimeout))
		n, wire, err := s.wire.write(b)
		if !s.wrote(b, n, wire, err) {
			return
		}
	}
}

// wrote notes what became of a write; false ends the writing.
func (s *session) wrote(b []byte, n int, wire uint64, err error) bool {
	s.mu.Lock()
	s.ledger.wrote(n, wire)
	s.spare = b[:0]
	if cap(b) > maxOut {
		s.spare = nil
	}
	last := s.leaving && len(s.out) == 0
	s.broken = err
	s.mu.Unlock()
	poke(s.room)
	switch {
	case err != nil:
		// Answers may lie in what the centre sent before it went.
		s.wire.conn.SetReadDeadline(time.Now().Add(drainTime))
		return false
	case last:
		s.end(errUnbound)
		return false
	}
	return true
}

// reply queues the answer c to p.
func (s *session) reply(p pdu, c command, status Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return
	}
	start := len(s.out)
	if c == cmdDeliver || c == cmdData {
		s.out = appendDelivered(s.out, c, status, p.sequence)
	} else {
		s.out = appendBare(s.out, c, status, p.sequence)
	}
	s.ledger.queued += uint64(len(s.out) - start)
	poke(s.more)
}
