package smpp

import "context"

// inbox holds messages that came and were not delivered.
type inbox struct {
	batch     []*DeliverSM
	sequences []uint32
	bytes     int
}

func (i *inbox) add(d *DeliverSM, sequence uint32, size int) {
	i.batch, i.sequences = append(i.batch, d), append(i.sequences, sequence)
	i.bytes += size
}

func (i *inbox) full() bool { return len(i.batch) >= maxInbox || i.bytes >= maxInboxBytes }

// split takes the first messages off.
func (i inbox) split(n int) (first, rest inbox) {
	first = inbox{i.batch[:n:n], i.sequences[:n:n], i.bytes}
	return first, inbox{i.batch[n:], i.sequences[n:], i.bytes}
}

// together returns how many messages at the start are handed over at once.
func (s *session) together(batch []*DeliverSM) int {
	for i, d := range batch {
		if d.poison || s.delivering.suspects(d.from) {
			return max(i, 1)
		}
	}
	return len(batch)
}

// deliver hands messages to the handler and answers them when it has returned.
// After a handover, with which run ends, the successor does that: the handler
// may have failed for no other reason.
func (s *session) deliver(run, ctx context.Context) {
	for {
		select {
		case <-s.came:
		case <-s.ended:
			return
		}
		if in := s.take(); len(in.batch) > 0 {
			statuses := s.give(ctx, in.batch)
			s.c.at(pointDelivered)
			if handedOver(run) && s.wire.kept {
				return
			}
			s.answer(in, statuses)
			s.c.at(pointAnswered)
		}
	}
}

// give gives a batch to the handler, and notes while that reads it. What is
// skipped is refused for good: after a status that may pass (a system error, 0x08,
// spec 5.1.3) a centre delivers it again, which would be skipped again for ever.
func (s *session) give(ctx context.Context, batch []*DeliverSM) []Status {
	if batch[0].poison {
		return []Status{PermanentAppError}
	}
	return s.c.h.Deliver(ctx, s.stream, batch, func(f func()) {
		last := batch[len(batch)-1].Offset
		s.delivering.enter(batch[0].from, last, last)
		f()
		s.delivering.leave()
	})
}

// take empties the inbox, but takes alone what is to be handled so.
func (s *session) take() (in inbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parted || s.leaving {
		return inbox{}
	}
	in, s.inbox = s.inbox, inbox{}
	if n := s.together(in.batch); n < len(in.batch) {
		in, s.inbox = in.split(n)
		poke(s.came)
	}
	s.busy = in.batch
	poke(s.room)
	return in
}

// answer queues the answers to a batch. When the bind has ended the batch stays
// busy: a successor may answer it, and what it needs of the note must stay.
func (s *session) answer(in inbox, statuses []Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return
	}
	s.busy = nil
	s.drain()
	if s.broken != nil || s.leaving || s.parted {
		return
	}
	start := len(s.out)
	for i, d := range in.batch {
		status, c := SystemError, cmdDeliver
		if i < len(statuses) {
			status = statuses[i]
		}
		if d.Data {
			c = cmdData
		}
		s.out = appendDelivered(s.out, c, status, in.sequences[i])
	}
	s.ledger.owe(in.batch, len(s.out)-start)
	poke(s.more)
	poke(s.owing)
}
