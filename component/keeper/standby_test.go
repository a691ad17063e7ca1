//go:build linux

package keeper

import (
	"errors"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var standsBy = regexp.MustCompile(`"a worker stands by" pid=(\d+)`)

// standby waits for the n-th process that stands by, from 1, and returns a
// descriptor that becomes readable when it has ended.
func (r *rig) standby(n int) (pid, fd int) {
	r.t.Helper()
	beat := time.NewTicker(5 * time.Millisecond)
	defer beat.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-beat.C {
		all := standsBy.FindAllStringSubmatch(r.logged(), -1)
		if len(all) < n {
			continue
		}
		pid, _ = strconv.Atoi(all[n-1][1])
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(func() { _ = unix.Close(fd) })
		return pid, fd
	}
	r.t.Fatalf("no %d processes have stood by", n)
	return 0, 0
}

// awaitEnd waits for the end of a process.
func (r *rig) awaitEnd(fd int) {
	r.t.Helper()
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := 0, error(unix.EINTR)
	for errors.Is(err, unix.EINTR) {
		n, err = unix.Poll(p, int(patience.Milliseconds()))
	}
	if n != 1 || err != nil {
		r.t.Fatalf("the process does not end: %v", err)
	}
}

// newStandbyRig starts a program whose next worker stands by.
func newStandbyRig(t *testing.T) (r *rig, w *hand, pid, fd int) {
	t.Helper()
	r = newRig(t, "standby")
	w = r.worker()
	w.expect("ok", "ready")
	pid, fd = r.standby(1)
	return r, w, pid, fd
}

// TestStandby kills a worker: the one that stood by goes on, and another
// stands by for it.
func TestStandby(t *testing.T) {
	t.Parallel()
	r, w, pid, _ := newStandbyRig(t)
	s := newServer(t)
	w.expect("ok", "write", "note", "one")
	w.expect("ok", "dial", "link", s.Addr())
	c := s.next()
	for i := range 2 {
		w.kill()
		w = r.worker()
		if w.pid != pid || w.restarts != strconv.Itoa(i+1) || w.last != "signal: killed" {
			t.Errorf("process %d goes on, restarts %s after %s; %d stood by", w.pid, w.restarts, w.last, pid)
		}
		w.expect("one", "read", "note")
		w.expect("ok", "adopt", "link")
		w.expect("ok", "send", "link", "x")
		hear(t, c, "x")
		w.expect("ok", "ready")
		pid, _ = r.standby(i + 2)
	}
}

// TestStandbyDies of itself or by an order that is for all processes: nobody
// misses it.
func TestStandbyDies(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "asked to stop": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, pid, fd := newStandbyRig(t)
			if err := syscall.Kill(pid, sig); err != nil {
				t.Fatal(err)
			}
			r.awaitEnd(fd)
			w.expect("ok", "write", "note", "one") // and the worker does not notice
			w.kill()
			w = r.worker()
			if w.pid == pid {
				t.Error("a dead process goes on")
			}
			w.expect("one", "read", "note")
			w.expect("ok", "ready")
			r.standby(2)
		})
	}
}

// TestStandbyEnds with the keeper, whether that ends in order or not, and
// makes room for one of the new program.
func TestStandbyEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(r *rig, w *hand){
		"in order": func(r *rig, w *hand) {
			r.signal(syscall.SIGTERM)
			w.expect("terminated", "signal")
			w.begin("exit", 0)
			r.ends(0)
		},
		"the keeper is killed": func(r *rig, w *hand) {
			r.signal(syscall.SIGKILL)
			w.expect("ok", "gone")
		},
		"an upgrade": func(r *rig, w *hand) {
			r.signal(syscall.SIGUSR2)
			w.expect("false", "leaving")
			w.begin("exit", 0)
			r.worker().expect("ok", "ready")
			r.standby(2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, _, fd := newStandbyRig(t)
			end(r, w)
			r.awaitEnd(fd)
		})
	}
}
