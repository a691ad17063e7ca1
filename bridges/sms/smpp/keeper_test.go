package smpp

import (
	"net"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"causeway/bridges/takeover"
)

// holder is a keeper in this process: it holds duplicates of descriptors.
type holder struct {
	takeover.Memory
	mu    sync.Mutex
	conns map[string]int
}

func newHolder(t testing.TB) *holder {
	h := &holder{conns: map[string]int{}}
	t.Cleanup(func() {
		h.Drop(connName)
	})
	return h
}

func (h *holder) Hold(name string, c net.Conn) error {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	h.Drop(name)
	h.mu.Lock()
	defer h.mu.Unlock()
	var failed error
	err = raw.Control(func(fd uintptr) { h.conns[name], failed = duplicate(int(fd)) })
	if failed != nil {
		return failed
	}
	return err
}

func duplicate(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) }

func (h *holder) Adopt(name string) (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fd, ok := h.conns[name]
	if !ok {
		return nil, takeover.ErrNone
	}
	fd, err := duplicate(fd)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	return net.FileConn(f)
}

func (h *holder) Drop(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if fd, ok := h.conns[name]; ok {
		_ = unix.Shutdown(fd, unix.SHUT_RDWR) // it may be over
		unix.Close(fd)
		delete(h.conns, name)
	}
}

// held tells whether there is a bind that could be adopted.
func (h *holder) held() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.conns[connName]
	return ok
}
