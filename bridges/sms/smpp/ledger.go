package smpp

import "time"

// ledger is all that the two sides of a bind owe each other. The session's mutex
// guards it. Offsets count the octets of the stream that we write, from its
// first one (the bind), places those of the stream that we read; with TLS, those
// inside it.
type ledger struct {
	sequence uint32              // the last one given
	asked    map[uint32]*request // our requests without an answer
	owed     []debt              // our answers that may not have arrived
	queued   uint64              // offset behind the last octet to write
	written  uint64              // offset behind what the kernel took
	read     uint64              // offset up to which the centre has proved to have read

	handled    uint64  // place behind the last PDU that was handled
	replies    []reply // in no noted batch yet
	answeredTo uint64  // as in writeRecord, of the last noted batch
	repliedTo  uint64
}

// reply is an answer to a PDU that is no message.
type reply struct {
	end  uint64 // offset behind it
	from uint64 // place of the PDU
	to   uint64
}

// request is one of ours. It is recorded before its first octet is written.
type request struct {
	command  command
	sequence uint32
	at       time.Time
	end      uint64      // offset behind its last octet
	done     chan answer // takes one
	left     bool        // nobody waits any more
	entry    *entry      // of a submit
	adopted  bool        // a predecessor has asked
}

func newSubmit() *request { return &request{command: cmdSubmit, done: make(chan answer, 1)} }

// answer is what became of a request: err is nil when it was answered.
type answer struct {
	status Status
	id     string
	err    error
}

// debt is a batch with our answers to it.
type debt struct {
	end   uint64 // offset behind the answers
	wire  uint64 // the same in octets of TCP, once written; 0 before
	batch []*DeliverSM
}

// next gives a sequence number that no open request has.
func (l *ledger) next() uint32 {
	for {
		l.sequence = l.sequence%maxSeq + 1
		if l.asked[l.sequence] == nil {
			return l.sequence
		}
	}
}

// record enters a request of which n octets are being queued.
func (l *ledger) record(r *request, sequence uint32, n int, now time.Time) {
	l.queued += uint64(n)
	r.sequence, r.at, r.end, r.left, r.adopted = sequence, now, l.queued, false, false
	l.asked[sequence] = r
}

// answered takes the request off that p answers; nil if there is none.
func (l *ledger) answered(p pdu) *request {
	r := l.asked[p.sequence]
	if r == nil || (p.command != r.command|response && p.command != cmdNack) {
		return nil
	}
	delete(l.asked, p.sequence)
	// The centre reads in order, so what we wrote earlier has arrived.
	l.read = max(l.read, r.end)
	return r
}

// owe enters the answers to a batch, of which n octets are being queued.
func (l *ledger) owe(batch []*DeliverSM, n int) {
	l.queued += uint64(n)
	l.owed = append(l.owed, debt{end: l.queued, batch: batch})
}

// owes enters a message that a predecessor has answered, in octets before end.
func (l *ledger) owes(d *DeliverSM, end uint64) {
	wire := uint64(0)
	if end <= l.written {
		wire = end
	}
	l.owed = append(l.owed, debt{end: end, wire: wire, batch: []*DeliverSM{d}})
}

// upTo returns the places up to which all is answered, and replied to, by what
// is before an offset.
func (l *ledger) upTo(offset uint64) (answered, replied uint64) {
	answered, replied = l.answeredTo, l.repliedTo
	for _, r := range l.replies {
		if r.end > offset {
			break
		}
		replied = max(replied, r.to)
	}
	for i := len(l.owed) - 1; i >= 0; i-- {
		d := &l.owed[i]
		behind := 0 // answers
		if d.end > offset {
			behind = int((d.end - offset + deliveredSize - 1) / deliveredSize)
		}
		if n := len(d.batch) - behind; n > 0 {
			return max(answered, d.batch[n-1].Offset), replied
		}
	}
	return answered, replied
}

// noted says that what is before an offset is in the note, with these places.
func (l *ledger) noted(offset, answered, replied uint64) {
	l.answeredTo, l.repliedTo = answered, replied
	n := 0
	for n < len(l.replies) && l.replies[n].end <= offset {
		n++
	}
	if l.replies = l.replies[n:]; len(l.replies) == 0 {
		l.replies = nil
	}
}

// wrote says that the kernel has taken n octets more; wire is the offset in
// TCP behind them, 0 if that is not known.
func (l *ledger) wrote(n int, wire uint64) {
	l.written += uint64(n)
	for i := len(l.owed) - 1; i >= 0 && l.owed[i].wire == 0; i-- {
		if l.owed[i].end <= l.written {
			l.owed[i].wire = wire
		}
	}
}

// arrived takes the debts off that the centre has: acked is how many octets
// its TCP has acknowledged.
func (l *ledger) arrived(acked uint64) []debt {
	n := 0
	for _, d := range l.owed {
		if d.end > l.read && (d.wire == 0 || d.wire > acked) {
			break
		}
		n++
	}
	gone := l.owed[:n:n]
	l.owed = l.owed[n:]
	if len(l.owed) == 0 {
		l.owed = nil
	}
	return gone
}
