package smpp

// one handles a PDU. None ends the bind, but unbind.
func (s *session) one(p pdu) {
	if s.seen.poison.has(p.from) {
		s.skip(p)
		return
	}
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
		poke(s.more) // also when a predecessor has replied
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

// skip refuses a PDU that has killed processes.
func (s *session) skip(p pdu) {
	s.c.count(Poison)
	s.c.cfg.Log.Error("a PDU of the centre is skipped, since processes died of it",
		"command", uint32(p.command), "sequence", p.sequence, "octets", len(p.body))
	switch {
	case p.command == cmdDeliver || p.command == cmdData:
		s.arrived(p, &DeliverSM{Data: p.command == cmdData, poison: true})
	case p.command&response == 0:
		s.reply(p, cmdNack, SystemError)
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		if r := s.ledger.answered(p); r != nil {
			s.giveUp(r, errPoison)
		}
	}
}

// incoming handles a message.
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
	s.arrived(p, d)
}

// arrived puts a message into the inbox; or, when a predecessor has answered
// it, among those whose answer may not be with the centre.
func (s *session) arrived(p pdu, d *DeliverSM) {
	d.from, d.Offset = p.from, p.to
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.to <= s.seen.answeredTo {
		s.ledger.owes(d, s.seen.answeredBy)
		return
	}
	s.inbox.add(d, p.sequence, len(p.body))
	s.seen.fresh = true
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
	if (r == nil || r.left && !r.adopted) && p.from >= s.seen.replay {
		s.c.count(Late)
	}
	if r == nil {
		return
	}
	if r.command == cmdSubmit {
		s.c.submits.responded(r.entry, a)
		s.answered = s.heard
		s.forgotten = s.forgotten || a.status == NotBound
	}
	s.complete(r, a)
	s.c.at(pointResponse)
}
