//go:build linux

package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// yieldTime bounds how long an orphan may take to end.
const yieldTime = closeTime + 5*time.Second

// Serve listens on a unix socket at path for a successor: a worker of another
// keeper. It is refused while the keeper of this process lives. Else it gets
// all that is held, and this process is asked to leave. Formats are those of
// the notes that this process writes. The caller closes what Serve returns; no
// other process may serve the same path.
func (w *Worker) Serve(path string, formats []string) (io.Closer, error) {
	short, dir, err := shortened(path)
	if err != nil {
		return nil, fmt.Errorf("keeper: %w", err)
	}
	defer dir.Close()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keeper: %w", err)
	}
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: short, Net: "unixpacket"})
	if err != nil {
		return nil, fmt.Errorf("keeper: %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false) // a successor may serve there by then
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("keeper: %w", err), l.Close())
	}
	go func() {
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			if !w.answer(c, formats) {
				_ = c.Close()
			}
		}
	}()
	return l, nil
}

// shortened returns another way to a path, since the address of a unix socket
// has 107 bytes at most. It is good until the directory is closed.
func shortened(path string) (string, io.Closer, error) {
	fd, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", nil, &fs.PathError{Op: "open", Path: filepath.Dir(path), Err: err}
	}
	dir := os.NewFile(uintptr(fd), path)
	return fmt.Sprintf("/proc/self/fd/%d/%s", fd, filepath.Base(path)), dir, nil
}

// answer serves one that asks. It tells whether that is the successor now.
func (w *Worker) answer(c *net.UnixConn, formats []string) bool {
	if !sameUser(c) || c.SetReadDeadline(time.Now().Add(sendTime)) != nil {
		return false
	}
	m, err := receive(c, make([]byte, maxMessage))
	if err != nil || m.verb != msgLeave {
		return false
	}
	select {
	case <-w.gone:
	default:
		_ = send(c, msgRefused, noFD) // one that has gone needs no answer
		return false
	}
	if !w.yield(c) {
		return false
	}
	w.goAway(Leave{Closing: !containsAll(strings.Fields(m.name), formats)})
	return true
}

// yield gives all to a successor, which is told what changes from now on.
func (w *Worker) yield(c *net.UnixConn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.heir {
		return false
	}
	w.conn, w.heir = c, true
	for name, d := range w.mine {
		_ = w.hold(name, d) // what is closed is not there
	}
	for name, fd := range w.left {
		_ = w.tell(msgHold+" "+name, fd)
	}
	return true
}

// sameUser tells whether the other side runs as the same user.
func sameUser(c *net.UnixConn) bool {
	cred, err := peer(c)
	return err == nil && int(cred.Uid) == os.Getuid()
}

// peer tells which process the other side is.
func peer(c *net.UnixConn) (cred *unix.Ucred, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	failed := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	return cred, errors.Join(failed, err)
}

// TakeOver asks the process that serves path to hand over, and blocks until it
// has ended; ErrRefused when its keeper lives, or there is none. Formats are
// those of the notes that this program reads. What that process held is held
// by the keeper of this one then.
func (w *Worker) TakeOver(ctx context.Context, path string, formats []string) error {
	all, err := ask(ctx, path, formats)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, fd := range all {
		w.left.apply(message{verb: msgHold, name: name, fd: fd})
		_ = w.tell(msgHold+" "+name, fd) // without a keeper it is ours all the same
	}
	return nil
}

// Relieve is TakeOver for a process that has no keeper and can go on with
// nothing: the one that serves path closes its connections in order.
func Relieve(ctx context.Context, path string) error {
	all, err := ask(ctx, path, nil)
	for _, fd := range all {
		_ = unix.Close(fd)
	}
	return err
}

// ask returns what the process that serves path held, when it has ended.
func ask(ctx context.Context, path string, formats []string) (held, error) {
	short, dir, err := shortened(path)
	if err != nil {
		return nil, fmt.Errorf("keeper: %w", err)
	}
	defer dir.Close()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unixpacket", short)
	if err != nil {
		return nil, fmt.Errorf("keeper: %w: %w", ErrRefused, err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	all, err := inherit(c.(*net.UnixConn), formats)
	if err != nil {
		return nil, fmt.Errorf("keeper: %w", err)
	}
	return all, nil
}

// inherit collects what an orphan says until its end. That is when the process
// has ended: the connection is closed before all else is, the store's lock.
func inherit(c *net.UnixConn, formats []string) (_ held, err error) {
	all := held{}
	defer func() {
		if err != nil {
			for _, fd := range all {
				_ = unix.Close(fd)
			}
		}
	}()
	cred, err := peer(c)
	if err != nil {
		return nil, err
	}
	process, err := unix.PidfdOpen(int(cred.Pid), 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(process) }()
	if err := errors.Join(send(c, msgLeave+" "+strings.Join(formats, " "), noFD), c.SetReadDeadline(time.Now().Add(yieldTime))); err != nil {
		return nil, err
	}
	for buf := make([]byte, maxMessage); ; {
		m, err := receive(c, buf)
		switch {
		case errors.Is(err, io.EOF):
			return all, awaitEnd(process)
		case err == nil && m.verb == msgRefused:
			return nil, ErrRefused
		case err != nil:
			return nil, err
		}
		all.apply(m)
	}
}

// awaitEnd blocks until a process has ended, for sendTime at most.
func awaitEnd(process int) error {
	for end := time.Now().Add(sendTime); ; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}}, int(max(0, time.Until(end).Milliseconds())))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0:
			return os.ErrDeadlineExceeded
		default:
			return nil
		}
	}
}
