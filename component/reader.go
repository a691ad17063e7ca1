package component

import (
	"context"
	"time"

	"causeway/component/stanza"
)

const peekSize = 64 << 10

// reader is the reading half of a stream: the cycle peek, commit, note,
// consume, dispatch.
type reader struct {
	conn    uint64
	base    uint64 // offset of the framer's first byte
	skip    uint64 // what must last and ends here or before is journalled already
	framer  *stanza.Framer
	state   []byte
	pieces  []piece
	commits []*stanza.Stanza
	warned  bool // see foreign

	rest    bool  // the framer may hold whole units
	suspect trial // of which a predecessor died
	trial   trial // that is noted
}

// piece is one thing that a cycle found.
type piece struct {
	s       *stanza.Stanza
	lasting bool
	index   int           // in the cycle, when lasting
	done    bool          // nothing is left to do, e.g. journalled by a predecessor
	answer  *stanza.Error // refused with this
	err     error         // ends the stream
}

func newReader(l *Link, conn, offset uint64) reader {
	limits := stanza.Limits{Size: l.c.MaxStanza, Depth: l.c.MaxDepth, Attributes: l.c.MaxAttributes}
	return reader{conn: conn, base: offset, framer: stanza.NewFramer(limits, false)}
}

// restoreReader begins where a predecessor's note says.
func restoreReader(l *Link, m readMark, last uint64) (reader, error) {
	r := newReader(l, m.conn, 0)
	r.skip, r.rest, r.suspect = last, true, l.note.suspect(m.conn)
	if err := r.framer.Restore(m.framer, m.tail); err != nil {
		return r, err
	}
	r.base = m.offset - r.framer.Offset()
	return r, nil
}

func (r *reader) mark() readMark {
	r.state = r.framer.State(r.state[:0])
	return readMark{conn: r.conn, offset: r.base + r.framer.Offset(), framer: r.state, tail: r.framer.Tail()}
}

// read serves the stream until it ends and returns why.
func (s *stream) read(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.cycle(ctx); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// cycle is one read cycle. What it returns ends the stream.
func (s *stream) cycle(ctx context.Context) error {
	r := &s.r
	fresh, err := s.more()
	if err != nil {
		return err
	}
	first := r.position()
	r.framer.Advance(len(fresh))
	last, err := s.frame()
	if err != nil {
		return err
	}
	if err := s.l.hook("framed"); err != nil {
		return err
	}
	key, err := s.commit(ctx, first, last)
	if err != nil {
		return err
	}
	s.l.note.setRead(r.mark())
	s.l.note.trial.Clear()
	if err := s.l.hook("noted"); err != nil {
		return err
	}
	gone := s.src.Consume(fresh)
	s.l.m.bytesIn.Add(float64(len(fresh)))
	if err := s.l.hook("consumed"); err != nil {
		return err
	}
	if err := s.dispatch(key); err != nil {
		return err
	}
	return gone // what is noted is handled, though the connection is lost
}

// position is the offset behind the last unit that was taken.
func (r *reader) position() uint64 {
	return r.base + r.framer.Offset() - uint64(len(r.framer.Tail()))
}

// more peeks, unless the framer has something left.
func (s *stream) more() (fresh []byte, err error) {
	if s.r.rest {
		return nil, nil
	}
	if fresh, err = s.peek(s.r.framer.Space(peekSize)); err != nil {
		return nil, err
	}
	return fresh, s.l.hook("peeked")
}

// peek waits for bytes and tells the writer that it does.
func (s *stream) peek(buf []byte) ([]byte, error) {
	s.waiting.Store(max(int64(time.Since(s.born)), 1))
	n, err := s.src.Peek(buf)
	s.waiting.Store(0)
	return buf[:n], err
}

// commit waits until what must last is on disk. It returns an error only when
// ctx has ended: nothing is consumed then.
func (s *stream) commit(ctx context.Context, first, last uint64) (uint64, error) {
	if len(s.r.commits) == 0 {
		return 0, nil
	}
	c := &Cycle{Conn: s.r.conn, First: first, Last: last, Stanzas: s.r.commits}
	start := time.Now()
	s.r.trial.waiting = true
	s.l.note.setTrial(s.r.trial)
	for {
		key, err := s.l.j.Append(ctx, c)
		if err == nil {
			s.l.m.commit.Observe(time.Since(start).Seconds())
			return key, s.l.hook("committed")
		}
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		s.l.m.skipped("journal")
		s.l.log.Error("the journal fails; reading stops until it works", "error", err)
		pause(ctx, s.l.t.journal)
	}
}
