package component

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// counts are what the kernel knows of a connection.
type counts struct {
	read, written uint64 // bytes consumed by, and taken from, this side
	ok            bool
}

// kept tells whether a connection can be held beyond this process: TLS has its
// keys in memory.
func kept(c net.Conn) bool {
	_, ok := c.(*net.TCPConn)
	return ok
}

// counted reads TCP_INFO before and after the queues until both agree, since
// the reads are not atomic.
func counted(c net.Conn) counts {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return counts{}
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return counts{}
	}
	var r counts
	err = raw.Control(func(fd uintptr) { r = countFD(int(fd)) })
	return counts{r.read, r.written, r.ok && err == nil}
}

func countFD(fd int) counts {
	for range 1000 {
		a, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return counts{}
		}
		in, err1 := unix.IoctlGetInt(fd, syscall.TIOCINQ)
		out, err2 := unix.IoctlGetInt(fd, syscall.TIOCOUTQ)
		b, err3 := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err1 != nil || err2 != nil || err3 != nil {
			return counts{}
		}
		if a.Bytes_acked != b.Bytes_acked || a.Bytes_received != b.Bytes_received || a.State != b.State {
			continue
		}
		read := b.Bytes_received - uint64(in)
		if finReceived(b.State) {
			read--
		}
		return counts{read: read, written: b.Bytes_acked + uint64(out), ok: true}
	}
	return counts{}
}

// finReceived tells whether the peer's FIN is counted as a byte.
func finReceived(state uint8) bool {
	const timeWait, closeWait, lastAck, closing = 6, 8, 9, 11
	switch state {
	case timeWait, closeWait, lastAck, closing:
		return true
	}
	return false
}
