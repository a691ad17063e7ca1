//go:build unix

package takeovertest

import (
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"causeway/bridges/takeover"
)

// Keeper is one in this process: it holds duplicates of descriptors, and areas
// in memory. Make it with New.
type Keeper struct {
	takeover.Memory
	mu    sync.Mutex
	conns map[string]int
}

var _ takeover.Keeper = (*Keeper)(nil)

// New returns a keeper that gives up what it holds at the end of the test.
func New(t testing.TB) *Keeper {
	h := &Keeper{conns: map[string]int{}}
	t.Cleanup(func() {
		for _, name := range h.Held() {
			h.Drop(name)
		}
	})
	return h
}

// Hold implements takeover.Keeper, for TCP.
func (h *Keeper) Hold(name string, c net.Conn) error {
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

// Adopt implements takeover.Keeper.
func (h *Keeper) Adopt(name string) (net.Conn, error) {
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

// Drop implements takeover.Keeper.
func (h *Keeper) Drop(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if fd, ok := h.conns[name]; ok {
		_ = unix.Shutdown(fd, unix.SHUT_RDWR) // it may be over
		unix.Close(fd)
		delete(h.conns, name)
	}
}

// Held returns the names of what it holds.
func (h *Keeper) Held() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.conns))
}
