package takeover

import (
	"encoding/binary"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// CanHold tells whether a connection can be held beyond this process: TLS has
// its keys in memory.
func CanHold(c net.Conn) bool {
	_, ok := c.(*net.TCPConn)
	return ok
}

// Count asks the kernel how far a connection has come. It reads TCP_INFO
// before and after the queues until both agree, since that is not atomic.
func Count(c net.Conn) Counts {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return Counts{}
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return Counts{}
	}
	var r Counts
	err = raw.Control(func(fd uintptr) { r = countFD(int(fd)) })
	r.OK = r.OK && err == nil
	return r
}

func countFD(fd int) Counts {
	for range 1000 {
		a, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return Counts{}
		}
		in, err1 := unix.IoctlGetInt(fd, syscall.TIOCINQ)
		out, err2 := unix.IoctlGetInt(fd, syscall.TIOCOUTQ)
		b, err3 := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err1 != nil || err2 != nil || err3 != nil {
			return Counts{}
		}
		if a.Bytes_acked != b.Bytes_acked || a.Bytes_received != b.Bytes_received || a.State != b.State {
			continue
		}
		read := b.Bytes_received - uint64(in)
		if finReceived(fd, b.State, in) {
			read--
		}
		return Counts{Read: read, Written: b.Bytes_acked + uint64(out), Acked: b.Bytes_acked, OK: true}
	}
	return Counts{}
}

// finReceived tells whether the peer's FIN is counted as a byte; in are the
// bytes that can be read.
func finReceived(fd int, state uint8, in int) bool {
	const timeWait, closed, closeWait, lastAck, closing = 6, 7, 8, 9, 11
	switch state {
	case timeWait, closeWait, lastAck, closing:
		return true
	case closed: // by RST, behind a FIN or without
		return hint(fd) > in
	}
	return false
}

// hint returns TCP_CM_INQ (tcp(7)), which counts a FIN among the bytes that can
// be read; 0 when there is nothing but an error, which is taken by this.
func hint(fd int) int {
	var first [1]byte
	var room [unix.SizeofCmsghdr + 8]byte
	if unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_INQ, 1) != nil {
		return 0
	}
	_, n, _, _, err := unix.Recvmsg(fd, first[:], room[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	if err != nil {
		return 0
	}
	_, data, _, err := unix.ParseOneSocketControlMessage(room[:n])
	if err != nil || len(data) < 4 {
		return 0
	}
	return int(binary.NativeEndian.Uint32(data))
}
