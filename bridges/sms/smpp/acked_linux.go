package smpp

import (
	"net"

	"golang.org/x/sys/unix"
)

// acknowledged returns how many octets TCP has had acknowledged since the
// connection began, its SYN included (tcpi_bytes_acked). Unlike SIOCOUTQ it is
// right after a reset, too.
func acknowledged(c net.Conn) (n uint64, ok bool) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return 0, false
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return 0, false
	}
	var info *unix.TCPInfo
	var failed error
	err = raw.Control(func(fd uintptr) {
		info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	})
	if err != nil || failed != nil {
		return 0, false
	}
	return info.Bytes_acked, true
}
