//go:build linux

package keeper

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The messages between keeper and worker: a verb, for some a space and a name,
// and for some a descriptor beside it. One message is one packet.
const (
	// The worker says:
	msgHold  = "hold"  // NAME and a descriptor: keep it, in place of an earlier one
	msgDrop  = "drop"  // NAME: give it up
	msgReady = "ready" // it serves
	// The keeper says:
	msgHeld  = "held"  // NAME and a descriptor, for each that it holds
	msgEnd   = "end"   // RESTARTS REASON: that was all; why the last worker died
	msgLeave = "leave" // hand over and end; with "closing": close connections first
	// An orphan says to a successor that asked it to leave: what a worker says
	// to a keeper, or
	msgRefused = "refused" // its keeper lives
)

const (
	closing = "closing"

	maxMessage = 4 << 10
	// sendTime bounds how long the other side may take to read.
	sendTime = 2 * time.Second
	noFD     = -1
)

// message is one packet.
type message struct {
	verb, name string
	fd         int // noFD: none; it belongs to the receiver
}

// pair makes two connected sockets: ours, and the file that a child inherits.
func pair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	theirs := os.NewFile(uintptr(fds[1]), "worker")
	ours, err := connOf(fds[0])
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}

// connOf makes a connection of a socket, which it takes.
func connOf(fd int) (*net.UnixConn, error) {
	f := os.NewFile(uintptr(fd), "keeper")
	if f == nil {
		return nil, os.ErrInvalid
	}
	defer f.Close() // FileConn has a duplicate
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("keeper: descriptor %d is no unix socket", fd), c.Close())
	}
	return u, nil
}

// send blocks for sendTime at most. The descriptor stays the caller's.
func send(c *net.UnixConn, text string, fd int) error {
	if len(text) > maxMessage {
		return fmt.Errorf("keeper: a message of %d bytes", len(text))
	}
	var rights []byte
	if fd != noFD {
		rights = unix.UnixRights(fd)
	}
	if err := c.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	_, _, err := c.WriteMsgUnix([]byte(text), rights, nil)
	return err
}

// receive blocks until a message comes, or the read deadline; io.EOF when the
// other side has ended.
func receive(c *net.UnixConn, buf []byte) (message, error) {
	var rights [64]byte
	for {
		n, r, _, _, err := c.ReadMsgUnix(buf, rights[:])
		if errors.Is(err, syscall.ECONNRESET) {
			continue // it ended without reading all of ours; what it sent is still to come
		}
		if err != nil {
			return message{fd: noFD}, err
		}
		m := message{fd: received(rights[:r])}
		m.verb, m.name, _ = strings.Cut(string(buf[:n]), " ")
		return m, nil
	}
}

// received returns the descriptor of a control message. There is one at
// most; others are closed.
func received(rights []byte) int {
	fd := noFD
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return fd
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, f := range fds {
			if fd != noFD {
				_ = unix.Close(fd)
			}
			fd = f
		}
	}
	return fd
}

// held are descriptors by name.
type held map[string]int

// apply does what a worker says about descriptors.
func (h held) apply(m message) {
	if old, ok := h[m.name]; ok && (m.verb == msgDrop || m.verb == msgHold) {
		_ = unix.Close(old)
		delete(h, m.name)
	}
	switch {
	case m.fd == noFD:
	case m.verb == msgHold || m.verb == msgHeld:
		h[m.name] = m.fd
	default:
		_ = unix.Close(m.fd)
	}
}
