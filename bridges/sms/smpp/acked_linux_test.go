package smpp

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// tally is a Handler that counts.
type tally struct {
	want                int64
	delivered, answered atomic.Int64
	all                 chan struct{} // want messages were delivered
}

func (*tally) Bound() {}

func (h *tally) Deliver(_ context.Context, _ uint64, batch []*DeliverSM, _ func(func())) []Status {
	if h.delivered.Add(int64(len(batch))) == h.want {
		close(h.all)
	}
	return make([]Status, len(batch))
}

func (h *tally) Answered(_ uint64, batch []*DeliverSM) { h.answered.Add(int64(len(batch))) }

// narrow listens with a small receive buffer.
func narrow(t *testing.T) net.Listener {
	t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096) })
	}}
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// unread returns how many octets lie in a connection.
func unread(t *testing.T, c net.Conn) int {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// reset binds a client, sends it n messages, waits until all are delivered,
// and resets the connection when hear has returned.
func (h *tally) reset(t *testing.T, hear func(ce *centre)) {
	t.Helper()
	l := narrow(t)
	ctx, cancel := context.WithCancel(t.Context())
	lost := func(e Event) {
		if e == Lost {
			cancel()
		}
	}
	c := New(Config{Address: l.Addr().String(), SystemID: "x", Log: discard, Count: lost}, h)
	ended := make(chan struct{})
	go func() { defer close(ended); c.Run(ctx) }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ce := &centre{rig: &rig{T: t}, Conn: conn}
	p := ce.expect(cmdBindTransceiver)
	ce.say(cmdBindTransceiver|response, OK, p.sequence, "")
	for range h.want {
		ce.deliver("text")
	}
	<-h.all
	hear(ce)
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
	<-ended
}

// When a connection is reset, no message counts as answered whose answer the
// centre's TCP had not taken.
func TestAnsweredHasArrived(t *testing.T) {
	h := &tally{want: 20000, all: make(chan struct{})}
	var arrived int64
	h.reset(t, func(ce *centre) { arrived = int64(unread(t, ce.Conn) / (headerSize + 1)) })
	if got := h.answered.Load(); got > arrived || arrived == 0 || arrived > h.want/2 {
		t.Errorf("%d count as answered, the centre has the answers to %d", got, arrived)
	}
}

// And those count whose answer it had acknowledged, here with the request that
// followed.
func TestArrivedIsAnswered(t *testing.T) {
	h := &tally{want: 50, all: make(chan struct{})}
	h.reset(t, func(ce *centre) {
		for range h.want {
			ce.expect(cmdDeliver | response)
		}
		ce.say(cmdEnquireLink, OK, 1, "")
		ce.expect(cmdEnquireLink | response)
	})
	if got := h.answered.Load(); got != h.want {
		t.Errorf("%d of %d count as answered", got, h.want)
	}
}
