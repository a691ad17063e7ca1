//go:build linux

package keeper

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"causeway/bridges/takeover"
)

// The names of descriptors begin with their kind.
const (
	areaKind   = "area/"
	connKind   = "conn/"
	listenKind = "listen/"
)

// number is a descriptor that stays open as long as the process.
type number int

func (n number) Control(f func(fd uintptr)) error {
	f(uintptr(n))
	return nil
}

// Area implements takeover.Keeper. The memory is held beyond this process as
// long as the keeper lives.
func (w *Worker) Area(name string, size int) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name = areaKind + name
	if a, ok := w.areas[name]; ok && len(a) == size {
		return a, nil
	}
	fd, found := w.left[name]
	delete(w.left, name)
	if found && sizeOf(fd) != int64(size) {
		_ = unix.Close(fd)
		found = false
	}
	if !found {
		var err error
		if fd, err = newArea(name, size); err != nil {
			return nil, fmt.Errorf("keeper: %d bytes for %s: %w", size, name, err)
		}
	}
	a, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keeper: %s: %w", name, err), unix.Close(fd))
	}
	w.areas[name], w.mine[name] = a, number(fd)
	if !found {
		_ = w.hold(name, number(fd)) // without a keeper it is memory all the same
	}
	return a, nil
}

func sizeOf(fd int) int64 {
	var s unix.Stat_t
	if unix.Fstat(fd, &s) != nil {
		return -1
	}
	return s.Size
}

// newArea makes memory that is there: a store to it never fails later.
func newArea(name string, size int) (int, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return noFD, err
	}
	err = unix.Fallocate(fd, 0, 0, int64(size))
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return noFD, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// Hold implements takeover.Keeper.
func (w *Worker) Hold(name string, c net.Conn) error {
	if !takeover.CanHold(c) {
		return fmt.Errorf("keeper: %s is not held: TLS ends with the process", name)
	}
	return w.holdConn(connKind+name, c)
}

func (w *Worker) holdConn(name string, c any) error {
	s, ok := c.(syscall.Conn)
	if !ok {
		return fmt.Errorf("keeper: %s is not held: it is no socket", name)
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hold(name, raw)
}

// Adopt implements takeover.Keeper.
func (w *Worker) Adopt(name string) (net.Conn, error) {
	name = connKind + name
	f := w.claim(name)
	if f == nil {
		return nil, takeover.ErrNone
	}
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		w.forget(name)
		return nil, fmt.Errorf("keeper: %s: %w", name, err)
	}
	w.keep(name, c)
	return c, nil
}

// claim takes what a predecessor left; nil when it left nothing.
func (w *Worker) claim(name string) *os.File {
	w.mu.Lock()
	defer w.mu.Unlock()
	fd, ok := w.left[name]
	if !ok {
		return nil
	}
	delete(w.left, name)
	return os.NewFile(uintptr(fd), name)
}

// keep enters what the keeper has already.
func (w *Worker) keep(name string, c any) {
	if s, ok := c.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			w.mu.Lock()
			w.mine[name] = raw
			w.mu.Unlock()
		}
	}
}

// Drop implements takeover.Keeper.
func (w *Worker) Drop(name string) { w.forget(connKind + name) }

// forget ends a connection or a listener for both processes.
func (w *Worker) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d, ok := w.mine[name]; ok {
		_ = d.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	}
	if fd, ok := w.left[name]; ok {
		_ = unix.Shutdown(fd, unix.SHUT_RDWR) // areas are none of those that can be
		_ = unix.Close(fd)
		delete(w.left, name)
	}
	w.drop(name)
}

// dropLeft gives up what nobody has asked for: a bridge that is gone from the
// configuration, a note of another version.
func (w *Worker) dropLeft() {
	w.mu.Lock()
	names := make([]string, 0, len(w.left))
	for name := range w.left {
		names = append(names, name)
	}
	w.mu.Unlock()
	for _, name := range names {
		w.forget(name)
	}
}

// Listen listens at a TCP address, and is held under a name: a successor that
// asks for the same address gets the same listener, so nobody is refused in
// between. One at another address is dropped.
func (w *Worker) Listen(name, address string) (net.Listener, error) {
	wanted := listenKind + name + " " + address
	for _, other := range w.listeners(name) {
		if other != wanted {
			w.forget(other)
		}
	}
	if f := w.claim(wanted); f != nil {
		defer f.Close()
		if l, err := net.FileListener(f); err == nil {
			w.keep(wanted, l)
			return l, nil
		}
		w.forget(wanted)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	_ = w.holdConn(wanted, l) // without a keeper it is a listener all the same
	return l, nil
}

// listeners returns the names of the listeners that a predecessor left under a
// name.
func (w *Worker) listeners(name string) (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for other := range w.left {
		if strings.HasPrefix(other, listenKind+name+" ") {
			all = append(all, other)
		}
	}
	return all
}
