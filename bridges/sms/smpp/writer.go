package smpp

import (
	"encoding/binary"
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
		b, w := s.batch()
		if len(b) == 0 {
			if !s.wrote(b, 0, s.wire.under.n.Load(), w, nil) {
				return
			}
			continue
		}
		s.note.write.Set(w.head(), b)
		s.c.at(pointWriting)
		s.limit(time.Now().Add(s.c.cfg.AnswerTimeout))
		n, wire, err := s.put(b)
		if s.handedOver() || !s.wrote(b, n, wire, w, err) {
			return
		}
		s.c.at(pointWritten)
	}
}

// limit sets a deadline for a write; there is none when the bind has ended.
func (s *session) limit(at time.Time) {
	s.wire.conn.SetWriteDeadline(at)
	select {
	case <-s.ended:
		s.wire.conn.SetWriteDeadline(time.Unix(1, 0))
	default:
	}
}

// batch takes whole PDUs off what is queued, and returns what is to be noted
// of them.
func (s *session) batch() ([]byte, writeRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cut := whole(s.out, maxBatch)
	if s.torn > 0 {
		cut, s.torn = s.torn, 0
	}
	b, rest := s.out[:cut], s.out[cut:]
	s.out, s.spare = append(s.spare[:0], rest...), nil
	if len(rest) > 0 {
		poke(s.more)
	}
	w := writeRecord{stream: s.stream, offset: s.ledger.written, sequence: s.ledger.sequence, parted: s.parted}
	w.answeredTo, w.repliedTo = s.ledger.upTo(w.offset + uint64(cut))
	return b, w
}

// whole returns how long the PDUs at the start of b are together that need no
// more than most.
func whole(b []byte, most int) int {
	if len(b) <= most {
		return len(b)
	}
	n := 0
	for {
		size := int(binary.BigEndian.Uint32(b[n:]))
		if n+size > most {
			return n
		}
		n += size
	}
}

// put writes a batch.
func (s *session) put(b []byte) (n int, wire uint64, err error) {
	if !s.c.halves() {
		return s.wire.write(b)
	}
	half := len(b) / 2
	if n, wire, err = s.wire.write(b[:half]); err != nil {
		return n, wire, err
	}
	s.c.at(pointHalfWritten)
	n, wire, err = s.wire.write(b[half:])
	return half + n, wire, err
}

// wrote notes what became of a write; false ends the writing.
func (s *session) wrote(b []byte, n int, wire uint64, w writeRecord, err error) bool {
	s.mu.Lock()
	s.ledger.wrote(n, wire)
	s.ledger.noted(w.offset+uint64(len(b)), w.answeredTo, w.repliedTo)
	s.release()
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

// reply queues the answer c to p, unless a predecessor has.
func (s *session) reply(p pdu, c command, status Status) {
	if p.to <= s.seen.repliedTo {
		return
	}
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
	s.ledger.replies = append(s.ledger.replies, reply{s.ledger.queued, p.from, p.to})
	poke(s.more)
}
