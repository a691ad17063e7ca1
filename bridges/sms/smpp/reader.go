package smpp

import "time"

const readSize = 32 << 10

// read handles what comes until the connection ends.
func (s *session) read() {
	b := s.wire.rest
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
		n, err := s.wire.conn.Read(b[len(b):cap(b)])
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
	for {
		p, size, err := scan(b[used:])
		if err != nil {
			s.c.count(Bad)
			return used, err
		}
		if size == 0 {
			if s.fresh {
				s.fresh = false
				poke(s.came)
			}
			return used, nil
		}
		used += size
		s.one(p)
	}
}

// one handles a PDU. None ends the bind, but unbind.
func (s *session) one(p pdu) {
	switch p.command {
	case cmdDeliver, cmdData:
		s.incoming(p)
	case cmdEnquireLink:
		s.reply(p, p.command|response, OK)
	case cmdUnbind:
		s.mu.Lock()
		s.leaving = true
		s.mu.Unlock()
		s.reply(p, p.command|response, OK)
	case cmdAlert, cmdOutbind: // these have no answer
	default:
		if p.command&response != 0 {
			s.response(p)
			return
		}
		s.c.count(Bad)
		s.reply(p, cmdNack, InvalidCommand)
	}
}

// incoming puts a message into the inbox.
func (s *session) incoming(p pdu) {
	d, bad := decodeDelivery(p)
	if bad != OK {
		s.c.count(Bad)
		s.c.cfg.Log.Warn("a message of the centre cannot be read and is refused",
			"status", bad.String(), "sequence", p.sequence, "octets", len(p.body))
		s.reply(p, p.command, bad)
		return
	}
	s.c.count(Delivered)
	s.mu.Lock()
	s.inbox.add(d, p.sequence, len(p.body))
	s.mu.Unlock()
	s.fresh = true
}

// response gives an answer to who waits for it.
func (s *session) response(p pdu) {
	if p.command == cmdNack {
		s.c.count(Nacked)
	}
	a := answer{status: p.outcome()}
	if p.command == cmdSubmit|response && a.status == OK {
		a.id = decodeID(p.body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.ledger.answered(p)
	if r == nil || r.left {
		s.c.count(Late)
	}
	if r == nil {
		return
	}
	if r.command == cmdSubmit {
		s.answered = s.heard
		s.forgotten = s.forgotten || a.status == NotBound
	}
	s.complete(r, a)
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
	full := s.inbox.full() || len(s.out) > maxOut
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
