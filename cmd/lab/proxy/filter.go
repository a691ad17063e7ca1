package proxy

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// drop makes the kernel drop all packets that come for a socket, by a filter
// (socket(7), SO_ATTACH_FILTER) that keeps none of their bytes: TCP sees nothing
// of them and acknowledges nothing.
func drop(fd int) error {
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
}

// pass lets them through again.
func pass(fd int) error {
	err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// on does something with a socket; one that is closed needs nothing.
func on(c syscall.Conn, do func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err == nil {
		var failed error
		err = raw.Control(func(fd uintptr) { failed = do(int(fd)) })
		err = errors.Join(err, failed)
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// errRest is how a connection ends that the proxy ends.
var errRest = errors.New("proxy: that was the rest")

// rest reads what the kernel still has of a connection that is to be ended.
func rest(c *net.TCPConn, b []byte) (n int, err error) {
	err = on(c, func(fd int) (err error) {
		n, err = unix.Read(fd, b)
		return err
	})
	if err != nil || n <= 0 {
		return 0, errRest
	}
	return n, nil
}
