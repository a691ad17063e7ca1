//go:build linux

package keeper

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// serving is a program with a worker that has a connection and a note.
func serving(t *testing.T) (*rig, *hand, *server) {
	t.Helper()
	r, s := newRig(t), newServer(t)
	w := r.worker()
	w.expect("ok", "write", "note", "one")
	w.expect("ok", "dial", "link", s.Addr())
	w.expect("ok", "ready")
	return r, w, s
}

// goesOn checks that a worker has what its predecessor had.
func goesOn(t *testing.T, w *hand, s *server) {
	t.Helper()
	c := s.next()
	say(t, c, "unread")
	w.expect("one", "read", "note")
	w.expect("ok", "adopt", "link")
	w.expect("unread", "receive", "link")
	w.expect("ok", "send", "link", "answer")
	hear(t, c, "answer")
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	for mode, closing := range map[string]string{"newer": "false", "older": "true"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r, w, s := serving(t)
			r.upgrade(w, mode, closing)
			w = r.workerOf(mode)
			goesOn(t, w, s)
			w.expect("ok", "ready")
			r.forwards(w, syscall.SIGHUP, "hangup")
			w.kill() // and the new keeper is as good as the old one
			w = r.workerOf(mode)
			if w.restarts != "2" {
				t.Errorf("the worker is restarted %s times", w.restarts)
			}
			w.expect("one", "read", "note")
			w.expect("ok", "adopt", "link")
			w.expect("ok", "ready")
			r.forwards(w, syscall.SIGTERM, "terminated")
			w.begin("exit", 0)
			r.ends(0)
		})
	}
}

// TestUpgradeTwice leaves nothing of the first one.
func TestUpgradeTwice(t *testing.T) {
	t.Parallel()
	r, w, _ := serving(t)
	var before string
	for i := range 4 {
		mode := fmt.Sprint("v", i)
		r.upgrade(w, mode, "false")
		w = r.workerOf(mode)
		w.expect("ok", "ready")
		r.forwards(w, syscall.SIGHUP, "hangup") // ready is handled
		now := descriptors(r.cmd.Process.Pid)
		if i > 0 && now != before {
			t.Errorf("%s descriptors after upgrade %d, %s before", now, i+1, before)
		}
		before = now
	}
}

// TestUpgradeRefused has binaries that do not pass the trial. The worker does
// not notice.
func TestUpgradeRefused(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(r *rig){
		"not executable": func(r *rig) { r.place([]byte("#!/bin/sh\n"), 0o600) },
		"not a program":  func(r *rig) { r.place([]byte("what?"), 0o700) },
		"not there":      func(r *rig) { _ = os.Remove(r.path) },
		"version":        func(r *rig) { r.install("version") },
		"check":          func(r *rig) { r.install("check") },
		"note":           func(r *rig) { r.install("note") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, s := serving(t)
			place(r)
			r.signal(syscall.SIGUSR2)
			r.awaitLog("the upgrade is refused, the old program stays")
			w.kill()
			goesOn(t, r.workerOf(""), s)
		})
	}
}

// TestUpgradeReturns has binaries that pass the trial, and do not serve.
func TestUpgradeReturns(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"die", "hang"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r, w, s := serving(t)
			r.upgrade(w, mode, "false")
			w = r.workerOf("")
			goesOn(t, w, s)
			w.expect("ok", "ready")
			r.upgrade(w, "newer", "false") // the next one is better
			r.workerOf("newer")
		})
	}
}

// TestUpgradeOfAWorkerThatDoesNotLeave kills it: it is stopped, or does not
// obey.
func TestUpgradeOfAWorkerThatDoesNotLeave(t *testing.T) {
	t.Parallel()
	r, w, s := serving(t)
	if err := syscall.Kill(w.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r.install("newer")
	r.signal(syscall.SIGUSR2)
	goesOn(t, r.workerOf("newer"), s)
}
