package smpp

import "time"

const readSize = 32 << 10

// read handles what comes until the connection ends; first, what a predecessor
// has noted.
func (s *session) read() {
	b := append(make([]byte, 0, readSize), s.note.ring.Content()...)
	for {
		used, err := s.handle(b)
		if err != nil {
			s.end(err)
			return
		}
		b = b[:copy(b, b[used:])]
		if !s.wait() {
			return
		}
		b = grow(b)
		n, err := s.receive(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if n > 0 {
			s.mu.Lock()
			s.heard = time.Now()
			s.mu.Unlock()
		}
		if err != nil {
			s.last(b, err)
			return
		}
	}
}

// receive reads as much as there is and notes it.
func (s *session) receive(buf []byte) (int, error) {
	n, err := s.wire.src.Peek(buf[:min(len(buf), s.note.ring.Room())])
	if err != nil {
		return 0, err
	}
	s.c.at(pointPeeked)
	s.note.ring.Write(buf[:n])
	s.c.at(pointNoted)
	err = s.wire.src.Consume(buf[:n])
	s.c.at(pointConsumed)
	return n, err
}

// last handles what came with the end.
func (s *session) last(b []byte, err error) {
	if _, bad := s.handle(b); bad != nil {
		err = bad
	}
	if broken := s.unwritable(); broken != nil {
		err = broken
	}
	s.end(err)
}

// grow makes room behind b. No PDU needs more than maxPDU.
func grow(b []byte) []byte {
	switch {
	case cap(b) == 0:
		return make([]byte, 0, readSize)
	case len(b) < cap(b):
		return b
	}
	return append(make([]byte, 0, 2*cap(b)), b...)
}

// handle handles the whole PDUs in b and returns their length.
func (s *session) handle(b []byte) (used int, err error) {
	end := s.seen.place + uint64(len(b))
	inHand := s.seen.place // up to where
	for {
		p, size, bad := scan(b[used:])
		if size == 0 {
			err = bad
			break
		}
		used += size
		p.from, p.to = s.seen.place, s.seen.place+uint64(size)
		if p.from >= inHand {
			inHand = s.seen.trial.enter(p.from, p.to, end)
		}
		s.one(p)
		s.seen.place = p.to
	}
	if used > 0 {
		s.seen.trial.leave()
		s.c.at(pointHandled)
	}
	if err != nil {
		s.c.count(Bad)
		return used, err
	}
	s.mu.Lock()
	s.ledger.handled = s.seen.place
	s.release()
	s.mu.Unlock()
	if s.seen.fresh {
		s.seen.fresh = false
		poke(s.came)
	}
	return used, nil
}

// release drops of the note what came and is not needed any more: all before
// the first PDU whose answer is not noted, or not with the centre if it is a
// message. The caller holds mu.
func (s *session) release() {
	need := s.ledger.handled
	if s.wire.kept {
		if len(s.ledger.replies) > 0 {
			need = min(need, s.ledger.replies[0].from)
		}
		switch {
		case len(s.ledger.owed) > 0:
			need = min(need, s.ledger.owed[0].batch[0].from)
		case len(s.busy) > 0:
			need = min(need, s.busy[0].from)
		case len(s.inbox.batch) > 0:
			need = min(need, s.inbox.batch[0].from)
		}
	}
	s.note.ring.Release(need)
}

// wait returns when there is room for more; false: the bind has ended.
func (s *session) wait() bool {
	for s.full() {
		if err := s.unwritable(); err != nil {
			s.end(err)
		}
		select {
		case <-s.room:
		case <-s.ended:
			return false
		}
	}
	return true
}

// unwritable returns why nothing can be written any more.
func (s *session) unwritable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// full tells whether reading must wait. When it need not any more, the centre
// has only now the chance to be heard, so its silence begins now.
func (s *session) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.inbox.full() || len(s.out) > maxOut || s.note.ring.Room() < readSize
	if s.held && !full {
		now := time.Now()
		s.heard = now
		for _, r := range s.ledger.asked {
			r.at = now
		}
	}
	s.held = full
	return full
}
