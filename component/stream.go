package component

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"causeway/bridges/takeover"
)

const (
	errSilent Error = "component: the server is silent"
	errEnded  Error = "component: the server has ended the stream"
)

// stream is one connection with an open stream.
type stream struct {
	l       *Link
	id      uint64
	conn    net.Conn
	src     takeover.Source
	born    time.Time
	fresh   bool // not adopted
	barrier *barrier
	r       reader
	w       writer

	waiting  atomic.Int64 // since born, when the reader began to wait; 0: it does not
	stopping atomic.Bool  // a handover
	drained  chan struct{}
	done     chan struct{} // closed when the reader has ended
}

func (l *Link) newStream(id uint64, conn net.Conn, src takeover.Source) *stream {
	return &stream{
		l: l, id: id, conn: conn, src: src, born: time.Now(),
		drained: make(chan struct{}, 1), done: make(chan struct{}),
		w: writer{sent: make(chan struct{})},
	}
}

// serve reads and writes until the stream ends; closed in order when ctx ends.
func (s *stream) serve(ctx context.Context) error {
	l := s.l
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	s.barrier = newBarrier(l.c.Domain, l.t, time.Now(), l.out.up())
	l.isUp()
	l.m.up.Set(1)
	defer l.m.up.Set(0)
	l.up(s.fresh)
	if s.fresh { // not before Up: whoever adopts the stream says that it has been
		s.mark()
	}

	var wg sync.WaitGroup
	failed := make(chan error, 1)
	wg.Go(func() {
		if err := s.write(); err != nil {
			failed <- err
			s.finish(err, cancel)
		}
	})
	wg.Go(func() { s.watch(ctx, cancel) })
	err := s.read(work)
	if c := context.Cause(work); c != nil {
		err = c
	}
	err = reason(err, failed)
	s.farewell(err)
	close(s.done)
	if s.keeps(err) {
		_ = s.conn.SetWriteDeadline(time.Now())
		wg.Wait()
		return err
	}
	l.giveUp(s.conn)
	wg.Wait()
	return err
}

// mark notes where a fresh stream begins: from then on it can be adopted.
func (s *stream) mark() {
	s.l.note.setRead(s.r.mark())
	s.l.note.setWrite(writeMark{conn: s.id, base: s.w.base, offset: s.w.offset})
}

// giveUp ends a connection before the next one is dialled. It is shut down
// first, for a keeper that is silent has it open still. That is FIN and no RST:
// TCP repeats it until the server has heard, and while that has not, Prosody
// refuses the next connection and ejabberd shares the traffic among both.
func (l *Link) giveUp(c net.Conn) {
	l.keeper.Drop(connName)
	_ = c.Close()
}

// finish ends the reader when nothing can be written any more: not before it
// has taken what the server had handed over until now.
func (s *stream) finish(err error, cancel context.CancelCauseFunc) {
	if errors.Is(err, errKilled) {
		cancel(err)
		_ = s.conn.SetReadDeadline(time.Now())
		return
	}
	if s.stopping.Load() {
		return // a successor reads on
	}
	if c, ok := s.conn.(interface{ CloseRead() error }); ok {
		if err := c.CloseRead(); err == nil || errors.Is(err, syscall.ENOTCONN) { // after RST
			return // what is in the kernel is still read, then comes the end
		}
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(s.l.t.drain))
}

// reason chooses between the error of the reader and that of the writer: when
// the server said nothing, the writer knows better.
func reason(err error, failed <-chan error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	select {
	case err = <-failed:
	default:
	}
	return err
}

// keeps tells whether the connection stays open for a successor.
func (s *stream) keeps(err error) bool {
	return errors.Is(err, takeover.ErrHandover) || errors.Is(err, errKilled)
}

// farewell says why the stream ends, if the server still listens.
func (s *stream) farewell(err error) {
	var bad *protocolError
	switch {
	case errors.As(err, &bad):
		s.bye("<stream:error><"+bad.condition+" xmlns='"+nsStreams+"'/></stream:error>"+endTag, false)
	case errors.Is(err, errEnded):
		s.bye(endTag, false)
	default:
		return
	}
	t := time.NewTimer(s.l.t.drain)
	defer t.Stop()
	select {
	case <-s.w.sent:
	case <-t.C:
	}
}

// watch waits for the end of ctx and closes the stream in order, in a calm
// moment, never FIN first: half-closed, Prosody drops what it still has for us.
func (s *stream) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	select {
	case <-s.done:
		return
	case <-ctx.Done():
	}
	if errors.Is(context.Cause(ctx), takeover.ErrHandover) {
		s.stopping.Store(true)
		cancel(takeover.ErrHandover)
		_ = s.conn.SetDeadline(time.Now())
		return
	}
	limit := time.Now().Add(s.l.t.closing)
	stop := time.AfterFunc(s.l.t.closing, func() { cancel(context.Cause(ctx)) })
	defer stop.Stop()
	s.barrier.hurry()
	s.l.out.poke()
	s.settle()
	s.calm()
	s.bye(endTag, true)
	_ = s.conn.SetReadDeadline(limit)
	<-s.done
}

// settle waits until the server has all that has a key, for a bounded time.
func (s *stream) settle() {
	t := time.NewTimer(s.l.t.drain)
	defer t.Stop()
	for s.l.out.unsettled() > 0 {
		select {
		case <-s.drained:
		case <-t.C:
			return
		case <-s.done:
			return
		}
	}
}

// calm waits for a moment in which the server has nothing for us, for a bounded
// time. What comes for us between our end of the stream and the end of its
// route, about a millisecond, ejabberd drops and tells nobody: a burst must not
// be cut there.
func (s *stream) calm() {
	limit := time.Now().Add(s.l.t.calm)
	for {
		d := min(s.l.t.quiet-s.idle(time.Since(s.born)), time.Until(limit))
		if d <= 0 {
			return
		}
		select {
		case <-time.After(d):
		case <-s.done:
			return
		}
	}
}

// idle returns how long, at a time after born, the server has said nothing
// though it could.
func (s *stream) idle(now time.Duration) time.Duration {
	since := s.waiting.Load()
	if since == 0 {
		return 0
	}
	return now - time.Duration(since)
}
