package component

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// session opens a stream, or adopts a predecessor's, and serves it. up is how
// long it was open.
func (l *Link) session(ctx context.Context) (up time.Duration, err error) {
	s, err := l.adopt(ctx)
	if err != nil {
		l.log.Warn("the predecessor's connection cannot be adopted", "error", err)
		l.m.ended("adopt")
	}
	if s == nil {
		l.out.down(false) // what a predecessor wrote elsewhere is no longer under way
		if s, err = l.connect(ctx); err != nil {
			return 0, err
		}
	}
	l.log.Info("the link is up", "server", l.c.Address, "conn", s.id)
	err = s.serve(ctx)
	if s.keeps(err) {
		return time.Since(s.born), err
	}
	if n := l.out.down(false); n > 0 {
		l.log.Info("output without a key was lost with the connection", "bytes", n)
	}
	l.req.wake()
	l.down(err)
	return time.Since(s.born), err
}

func (l *Link) up() {
	defer l.recovered("Up", nil)
	l.h.Up()
}

func (l *Link) down(err error) {
	defer l.recovered("Down", nil)
	l.h.Down(err)
}

// connect dials and opens a stream.
func (l *Link) connect(ctx context.Context) (*stream, error) {
	conn, err := l.dial(ctx)
	if err != nil {
		return nil, err
	}
	l.warnPlain(conn)
	s, err := l.open(ctx, conn)
	if err != nil {
		_ = conn.Close()
	}
	return s, err
}

// open makes the handshake on a new connection and sets the first marks.
func (l *Link) open(ctx context.Context, conn net.Conn) (*stream, error) {
	id := connNumber()
	l.note.Reset(id)
	held := l.c.Keeper != nil && kept(conn)
	if held {
		if err := l.c.Keeper.Hold(id, conn); err != nil {
			return nil, fmt.Errorf("component: the keeper: %w", err)
		}
	}
	base := counted(conn).written
	src := newSource(conn)
	in, out, err := l.shake(ctx, conn, src)
	if err != nil {
		l.drop(id)
		return nil, err
	}
	s := l.newStream(id, conn, src)
	s.r = newReader(l, id, in)
	s.w.base, s.w.offset = base, out
	l.note.Read(s.r.mark())
	l.note.Write(WriteMark{Conn: id, Base: base, Offset: out})
	return s, nil
}

// drop tells the keeper that a connection is given up.
func (l *Link) drop(id uint64) {
	if l.c.Keeper != nil {
		l.c.Keeper.Drop(id)
	}
}

// connNumber returns a number that no connection had before: the journal finds
// offsets by it. It is positive as a signed number too.
func connNumber() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])>>1 | 1
}

// marks are a predecessor's.
type marks struct {
	r ReadMark
	w WriteMark
}

// inherit reads a predecessor's marks, before anybody can Send: what it wrote
// must not be written a second time.
func (l *Link) inherit() {
	if l.c.Keeper == nil {
		return
	}
	if r, w, ok := l.note.Marks(); ok {
		l.marks = &marks{r, w}
		l.out.adopt(w.Pending)
	}
}

// adopt goes on with a predecessor's connection; nil without an error when
// there is none.
func (l *Link) adopt(ctx context.Context) (*stream, error) {
	m := l.marks
	if m == nil {
		return nil, nil
	}
	l.marks = nil
	conn, err := l.c.Keeper.Adopt(m.r.Conn)
	if err != nil {
		return nil, err
	}
	s, err := l.resume(ctx, m, conn)
	if err != nil {
		_ = conn.Close()
		l.drop(m.r.Conn)
		return nil, err
	}
	return s, nil
}

// resume finds from the kernel's counters how far the predecessor came between
// its last marks and its death.
func (l *Link) resume(ctx context.Context, m *marks, conn net.Conn) (*stream, error) {
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	k := counted(conn)
	if !k.ok {
		return nil, errors.New("component: the system does not count this connection's bytes")
	}
	ahead := m.r.Offset - k.read // noted and not consumed
	wrote := k.written - m.w.Base - m.w.Offset
	if m.r.Offset < k.read || wrote > uint64(len(m.w.Batch)) {
		return nil, fmt.Errorf("component: the note says %d read, %d+%d written; the kernel %d and %d",
			m.r.Offset, m.w.Offset, len(m.w.Batch), k.read, k.written-m.w.Base)
	}
	last, err := l.j.Last(ctx, m.r.Conn)
	if err != nil {
		return nil, err
	}
	s := l.newStream(m.r.Conn, conn, newSource(conn))
	if s.r, err = restoreReader(l, m.r, last); err != nil {
		return nil, err
	}
	if err := swallow(s.src, ahead); err != nil {
		return nil, err
	}
	s.w.base, s.w.offset, s.w.pend = m.w.Base, m.w.Offset+wrote, m.w.Pending
	if rest := m.w.Batch[wrote:]; len(rest) > 0 {
		s.w.rest = rest
	}
	return s, nil
}

// swallow consumes n bytes.
func swallow(src source, n uint64) error {
	buf := make([]byte, min(n, 64<<10))
	for n > 0 {
		got, err := src.peek(buf[:min(n, uint64(len(buf)))])
		if err == nil {
			err = src.consume(buf[:got])
		}
		if err != nil {
			return err
		}
		n -= uint64(got)
	}
	return nil
}
