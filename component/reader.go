package component

import (
	"context"
	"errors"
	"io"
	"time"

	"causeway/component/stanza"
)

const peekSize = 64 << 10

// reader is the reading half of a stream: the cycle peek, commit, note,
// consume, dispatch.
type reader struct {
	conn    uint64
	offset  uint64 // bytes read, the tail among them
	skip    uint64 // what must last and ends here or before is journalled already
	framer  framer
	buf     []byte
	tail    int // bytes of an unfinished stanza at the start of buf
	state   []byte
	pieces  []piece
	commits []*stanza.Stanza
}

// piece is one thing that a cycle found.
type piece struct {
	s       *stanza.Stanza
	lasting bool
	index   int           // in the cycle, when lasting
	old     bool          // journalled by a predecessor
	answer  *stanza.Error // refused with this
	err     error         // ends the stream
}

func newReader(l *Link, conn, offset uint64) reader {
	return reader{conn: conn, offset: offset, framer: newFramer(l.c)}
}

// restoreReader begins where a predecessor's note says.
func restoreReader(l *Link, m ReadMark, last uint64) (reader, error) {
	r := newReader(l, m.Conn, m.Offset)
	r.skip = last
	r.buf = append(r.buf, m.Tail...)
	r.tail = len(m.Tail)
	return r, r.framer.Restore(m.Framer)
}

func (r *reader) mark(tail []byte) ReadMark {
	r.state = r.framer.State(r.state[:0])
	return ReadMark{Conn: r.conn, Offset: r.offset, Framer: r.state, Tail: tail}
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
	n, err := s.peek()
	if err != nil {
		return err
	}
	if err := s.l.hook("peeked"); err != nil {
		return err
	}
	data := r.buf[:r.tail+n]
	used := s.frame(data)
	key, err := s.commit(ctx, used)
	if err != nil {
		return err
	}
	r.offset += uint64(n)
	s.l.note.Read(r.mark(data[used:]))
	if err := s.l.hook("noted"); err != nil {
		return err
	}
	if err := s.consume(data[r.tail:]); err != nil {
		return err
	}
	r.tail = copy(r.buf, data[used:])
	return s.dispatch(key)
}

// peek waits for bytes behind the tail.
func (s *stream) peek() (int, error) {
	r := &s.r
	if len(r.buf) < r.tail+peekSize || r.tail == 0 && len(r.buf) > 4*peekSize {
		r.buf = append(make([]byte, 0, 2*(r.tail+peekSize)), r.buf[:r.tail]...)
		r.buf = r.buf[:cap(r.buf)]
	}
	s.waiting.Store(max(int64(time.Since(s.born)), 1))
	n, err := s.src.peek(r.buf[r.tail : r.tail+peekSize])
	s.waiting.Store(0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return n, err
}

// consume takes the bytes of the cycle from the connection.
func (s *stream) consume(fresh []byte) error {
	if err := s.src.consume(fresh); err != nil {
		return err
	}
	s.l.m.bytesIn.Add(float64(len(fresh)))
	return s.l.hook("consumed")
}

// commit waits until what must last is on disk. It returns an error only when
// ctx has ended: nothing is consumed then.
func (s *stream) commit(ctx context.Context, used int) (uint64, error) {
	r := &s.r
	if len(r.commits) == 0 {
		return 0, nil
	}
	first := r.offset - uint64(r.tail)
	c := &Cycle{Conn: r.conn, First: first, Last: first + uint64(used), Stanzas: r.commits}
	start := time.Now()
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
		pause(ctx, time.Second)
	}
}
