package component

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"causeway/bridges/takeover"
)

// session opens a stream, or adopts a predecessor's, and serves it. up is how
// long it was open.
func (l *Link) session(ctx context.Context) (up time.Duration, err error) {
	s, err := l.adopt(ctx)
	if err != nil {
		l.failedAdoption(err)
	}
	if s == nil {
		l.out.down() // what a predecessor wrote elsewhere is no longer under way
		if s, err = l.connect(ctx); err != nil {
			return 0, err
		}
	}
	l.log.Info("the link is up", "server", l.c.Address, "conn", s.id)
	err = s.serve(ctx)
	if s.keeps(err) {
		return time.Since(s.born), err
	}
	if n := l.out.down(); n > 0 {
		l.log.Info("output without a key was lost with the connection", "bytes", n)
	}
	l.req.wake()
	l.down(err)
	return time.Since(s.born), err
}

func (l *Link) up(fresh bool) {
	defer l.recovered("Up", nil)
	l.h.Up(fresh)
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
		l.giveUp(conn)
	}
	return s, err
}

// open makes the handshake on a new connection.
func (l *Link) open(ctx context.Context, conn net.Conn) (*stream, error) {
	id := connNumber()
	l.note.clear(l.c.Address)
	if takeover.CanHold(conn) {
		if err := l.keeper.Hold(connName, conn); err != nil {
			l.log.Warn("the connection will not outlive this process", "error", err)
		}
	}
	base := takeover.Count(conn).Written
	src := takeover.NewSource(conn)
	in, out, err := l.shake(ctx, conn, src)
	if err != nil {
		return nil, err
	}
	s := l.newStream(id, conn, src)
	s.r = newReader(l, id, in)
	s.w.base, s.w.offset = base, out
	s.fresh = true
	return s, nil
}

// connNumber returns a number that no connection had before: the journal finds
// offsets by it. It is positive as a signed number too.
func connNumber() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])>>1 | 1
}

// inherit opens the note and reads what a predecessor left in it, before
// anybody can Send: what it wrote must not be written a second time.
func (l *Link) inherit() {
	k := l.c.Keeper
	if k == nil {
		k = &takeover.Memory{}
	}
	l.keeper = takeover.Within(k, l.c.Domain)
	var err error
	if l.note, err = openNote(l.keeper, l.c.MaxStanza); err != nil {
		l.log.Warn("what this process knows of the link will not outlive it", "error", err)
	}
	m, list, err := l.note.left(l.c.Address)
	if err != nil {
		l.failedAdoption(err)
	}
	if l.marks = m; m == nil {
		l.keeper.Drop(connName)
		l.note.clear(l.c.Address)
	}
	l.out = newOutbox(l.note)
	l.out.adopt(list)
}

func (l *Link) failedAdoption(err error) {
	l.log.Warn("the predecessor's connection cannot be adopted", "error", err)
	l.m.ended("adopt")
}

// adopt goes on with a predecessor's connection; nil without an error when
// there is none.
func (l *Link) adopt(ctx context.Context) (*stream, error) {
	m := l.marks
	if m == nil {
		return nil, nil
	}
	l.marks = nil
	conn, err := l.keeper.Adopt(connName)
	if err != nil {
		return nil, err
	}
	s, err := l.resume(ctx, m, conn)
	if err != nil {
		l.giveUp(conn)
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
	k := takeover.Count(conn)
	if !k.OK {
		return nil, errors.New("component: the system does not count this connection's bytes")
	}
	ahead := m.r.offset - k.Read // noted and not consumed
	wrote := k.Written - m.w.base - m.w.offset
	if m.r.offset < k.Read || wrote > uint64(len(m.w.batch)) {
		return nil, fmt.Errorf("component: the note says %d read, %d+%d written; the kernel %d and %d",
			m.r.offset, m.w.offset, len(m.w.batch), k.Read, k.Written-m.w.base)
	}
	last, err := l.j.Last(ctx, m.r.conn)
	if err != nil {
		return nil, err
	}
	s := l.newStream(m.r.conn, conn, takeover.NewSource(conn))
	if s.r, err = restoreReader(l, m.r, last); err != nil {
		return nil, err
	}
	if err := takeover.Swallow(s.src, ahead); err != nil {
		return nil, err
	}
	s.w.base, s.w.offset = m.w.base, m.w.offset+wrote
	if rest := m.w.batch[wrote:]; len(rest) > 0 {
		s.w.rest = rest
	}
	return s, nil
}
