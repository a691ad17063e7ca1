package smpp

import (
	"errors"
	"net"
	"time"

	"causeway/bridges/takeover"
)

var (
	errBareBind = errors.New("it was not bound, or unbinding")
	errMisfit   = errors.New("the kernel's counters do not fit the note")
)

// adopt goes on with the bind that a predecessor had when it died; nil: there
// is none, or it cannot go on. Then what was under way on it is lost.
func (c *Client) adopt() *session {
	conn, err := net.Conn(nil), takeover.ErrNone
	if c.cfg.Keeper != nil {
		conn, err = c.cfg.Keeper.Adopt(connName)
	}
	if err != nil {
		c.submits.adopt(0, 0)
		if !errors.Is(err, takeover.ErrNone) {
			c.cfg.Log.Error("the bind of the predecessor was not handed over", "error", err)
		}
		return nil
	}
	s, err := c.goOn(conn)
	if err != nil {
		c.count(Misfits)
		c.cfg.Log.Warn("the bind of the predecessor cannot go on", "error", err)
		c.submits.adopt(0, 0)
		c.close(&wire{under: &counted{Conn: conn}, kept: true})
		return nil
	}
	c.count(Adopted)
	c.cfg.Log.Info("the bind to the SMS centre goes on", "centre", c.cfg.Address, "system_id", c.cfg.SystemID)
	return s
}

// goOn makes a session of a connection and the note.
func (c *Client) goOn(conn net.Conn) (*session, error) {
	b, bound := decodeBind(c.note.bind.Get())
	w, ok := decodeWrite(c.note.write.Get())
	if !bound || !ok || w.stream != b.stream || w.parted || c.cfg.TLS != nil {
		return nil, errBareBind
	}
	k := takeover.Count(conn)
	read, written, tail := k.Read-b.read, k.Written-b.written, c.note.ring.Tail()
	// A FIN before a reset is counted as an octet.
	if !k.OK || read > tail+1 || read+ringSize < tail || written-w.offset > uint64(len(w.batch)) {
		return nil, errMisfit
	}
	src := takeover.NewSource(conn)
	if read < tail {
		conn.SetReadDeadline(time.Now().Add(c.cfg.ConnectTimeout))
		if err := takeover.Swallow(src, tail-read); err != nil {
			return nil, err
		}
		conn.SetReadDeadline(time.Time{})
	}
	wire := &wire{
		under: &counted{Conn: conn}, src: src, kept: true, sequence: w.sequence, sent: written, read: c.note.ring.Head(),
		start: takeover.Counts{Read: b.read, Written: b.written, Acked: b.written},
	}
	wire.conn = wire.under
	wire.under.n.Store(written)
	s := newSession(c, wire, b.stream)
	s.inherit(w, tail)
	return s, nil
}

// inherit takes over what the predecessor owed and was owed.
func (s *session) inherit(w writeRecord, tail uint64) {
	end := w.offset + uint64(len(w.batch))
	s.out = append(s.out, w.batch[s.ledger.written-w.offset:]...)
	s.torn = len(s.out)
	s.ledger.queued, s.ledger.read = end, 0
	s.ledger.answeredTo, s.ledger.repliedTo = w.answeredTo, w.repliedTo
	s.seen.replay, s.seen.answeredTo, s.seen.repliedTo, s.seen.answeredBy = tail, w.answeredTo, w.repliedTo, end
	if s.torn > 0 {
		poke(s.more)
	}
	for _, e := range s.c.submits.adopt(s.stream, end) {
		r := newSubmit()
		select {
		case r = <-s.free:
		default: // the window was larger
		}
		r.sequence, r.at, r.end, r.left, r.adopted, r.entry = e.sequence, s.heard, e.end, true, true, e
		s.ledger.asked[r.sequence] = r
	}
	s.seen.poison = decodePoison(s.note.poison.Get(), s.stream)
	for _, t := range []*trial{&s.seen.trial, &s.delivering} {
		if place, found := t.adopt(); found {
			s.seen.poison.add(place, s.note.poison)
		}
	}
}
