package takeover

import (
	"io"
	"net"
	"syscall"
)

// Source gives the bytes of a connection in two steps, so that they can be
// committed between seeing and taking them. One goroutine uses it.
type Source interface {
	// Peek waits for bytes and copies them to buf, without taking them; io.EOF
	// when there will be none.
	Peek(buf []byte) (int, error)
	// Consume takes bytes that the last Peek gave.
	Consume(buf []byte) error
}

// NewSource peeks in the kernel where it can. Only then can a successor find
// what was not consumed.
func NewSource(c net.Conn) Source {
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			return newSocket(raw)
		}
	}
	return &buffered{r: c}
}

// socket peeks with MSG_PEEK. The functions are made once, not for each cycle.
type socket struct {
	raw         syscall.RawConn
	buf         []byte
	n           int
	err         error
	peeks, eats func(fd uintptr) bool
}

func newSocket(raw syscall.RawConn) *socket {
	s := &socket{raw: raw}
	s.peeks = func(fd uintptr) bool { return s.receive(fd, syscall.MSG_PEEK) }
	s.eats = func(fd uintptr) bool { return s.receive(fd, consumeFlag) }
	return s
}

func (s *socket) receive(fd uintptr, flags int) bool {
	for {
		s.n, _, s.err = syscall.Recvfrom(int(fd), s.buf, flags)
		switch s.err {
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			return true
		}
	}
}

func (s *socket) do(buf []byte, f func(uintptr) bool) (int, error) {
	s.buf = buf
	err := s.raw.Read(f)
	s.buf = nil
	switch {
	case err != nil:
		return 0, err
	case s.err != nil:
		return 0, s.err
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}

func (s *socket) Peek(buf []byte) (int, error) { return s.do(buf, s.peeks) }

func (s *socket) Consume(buf []byte) error {
	for len(buf) > 0 {
		n, err := s.do(buf, s.eats)
		if err != nil {
			return err
		}
		buf = buf[n:]
	}
	return nil
}

// buffered holds what was read of TLS and of connections that are no sockets.
type buffered struct {
	r    io.Reader
	held []byte
	buf  [32 << 10]byte
}

func (b *buffered) Peek(buf []byte) (int, error) {
	if len(b.held) == 0 {
		n, err := b.r.Read(b.buf[:])
		if n == 0 {
			return 0, err
		}
		b.held = b.buf[:n]
	}
	return copy(buf, b.held), nil
}

func (b *buffered) Consume(buf []byte) error {
	b.held = b.held[len(buf):]
	return nil
}

// Swallow consumes n bytes that a predecessor has handled.
func Swallow(src Source, n uint64) error {
	buf := make([]byte, min(n, 64<<10))
	for n > 0 {
		got, err := src.Peek(buf[:min(n, uint64(len(buf)))])
		if err == nil {
			err = src.Consume(buf[:got])
		}
		if err != nil {
			return err
		}
		n -= uint64(got)
	}
	return nil
}
