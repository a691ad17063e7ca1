package smpp

import "time"

// ledger is all that the two sides of a bind owe each other, and so all that a
// successor on the same connection would have to know. The session's mutex
// guards it. Offsets count the octets of the stream that we write, from its
// first one (the bind); with TLS, those inside it.
type ledger struct {
	sequence uint32              // the last one given
	asked    map[uint32]*request // our requests without an answer
	owed     []debt              // our answers that may not have arrived
	queued   uint64              // offset behind the last octet to write
	written  uint64              // offset behind what the kernel took
	read     uint64              // offset up to which the centre has proved to have read
}

// request is one of ours. It is recorded before its first octet is written.
type request struct {
	command  command
	sequence uint32
	at       time.Time
	end      uint64      // offset behind its last octet
	done     chan answer // takes one
	left     bool        // nobody waits any more
}

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
	r.sequence, r.at, r.end, r.left = sequence, now, l.queued, false
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
