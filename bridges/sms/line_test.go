package sms

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"causeway/bridges/bridgetest"
)

// wire is what lies between a bridge and its centre: each PDU passes the line of
// the suite.
type wire struct {
	*bridgetest.Line
	net.Listener
	centre string
	work   sync.WaitGroup

	mu   sync.Mutex
	open []pipe
}

// pipe is one connection; over is closed when the centre has ended its side, too.
type pipe struct {
	near, far net.Conn
	over      chan struct{}
}

// The commands that the wire knows, and a status (SMPP v3.4, 5.1).
const (
	reply        = 0x80000000
	submitSM     = 0x00000004
	throttled    = 0x00000058
	headerOctets = 16
)

// newWire listens for a bridge, and connects it to a centre.
func newWire(t *testing.T, centre string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Line: new(bridgetest.Line), Listener: l, centre: centre}
	w.work.Go(w.accept)
	t.Cleanup(func() {
		l.Close()
		w.mu.Lock()
		for _, p := range w.open {
			p.near.Close()
			p.far.Close()
		}
		w.mu.Unlock()
		w.work.Wait()
	})
	return w
}

// accept connects a bridge when the centre has read all that was said over connections
// that it has ended: else what it has answered there would be delivered again.
func (w *wire) accept() {
	for {
		near, err := w.Accept()
		if err != nil {
			return
		}
		for _, p := range w.open {
			if ended(p.near) {
				<-p.over
			}
		}
		far, err := net.Dial("tcp", w.centre)
		if err != nil {
			near.Close()
			continue
		}
		p := pipe{near, far, make(chan struct{})}
		w.mu.Lock()
		w.open = append(w.open, p)
		w.mu.Unlock()
		w.work.Go(func() { w.connect(p) })
	}
}

// ended tells whether the other side of a connection has ended it, or we have.
func ended(c net.Conn) (is bool) {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return true
	}
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds, 0)
		is = n > 0 || err != nil
	})
	return is || err != nil
}

// connect returns when both sides have ended.
func (w *wire) connect(p pipe) {
	defer close(p.over)
	var work sync.WaitGroup
	work.Go(func() {
		w.pass(p.near, p.far, bridgetest.Asked, 0)
		p.near.Close()
		_ = p.far.(*net.TCPConn).CloseWrite() // it reads all, and ends
	})
	work.Go(func() {
		w.pass(p.far, p.near, bridgetest.Telling, bridgetest.Done)
		p.near.Close()
		_, _ = io.Copy(io.Discard, p.far)
	})
	work.Wait()
	p.far.Close()
}

// pass hands on what one side says, until it ends or is cut. asks is the step of
// its requests, and answers that of its answers; 0: nothing happens to them. What
// a bridge has answered TCP has acknowledged here, and so the centre has it.
func (w *wire) pass(from, to net.Conn, asks, answers bridgetest.Step) {
	for {
		pdu, err := readPDU(from)
		if err != nil {
			return
		}
		step := asks
		command := binary.BigEndian.Uint32(pdu[4:])
		if command&reply != 0 {
			step = answers
		}
		verdict := bridgetest.Go
		if step != 0 {
			verdict = w.Pass(step)
		}
		if verdict == bridgetest.Cut {
			return
		}
		next := to
		if verdict == bridgetest.Busy && command == submitSM {
			next, pdu = from, busy(pdu)
		}
		if _, err := next.Write(pdu); err != nil {
			return
		}
	}
}

// busy is the answer of a centre that takes no submit_sm now.
func busy(request []byte) []byte {
	pdu := binary.BigEndian.AppendUint32(nil, headerOctets)
	pdu = binary.BigEndian.AppendUint32(pdu, submitSM|reply)
	pdu = binary.BigEndian.AppendUint32(pdu, throttled)
	return append(pdu, request[12:headerOctets]...) // the sequence number
}

func readPDU(from io.Reader) ([]byte, error) {
	head := make([]byte, headerOctets)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head)
	if n < headerOctets || n > 1<<16 {
		return nil, io.ErrUnexpectedEOF
	}
	pdu := append(head, make([]byte, n-headerOctets)...)
	_, err := io.ReadFull(from, pdu[headerOctets:])
	return pdu, err
}
