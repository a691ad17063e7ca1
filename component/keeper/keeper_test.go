//go:build linux

package keeper

import (
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestKill kills a worker whose connection is in use.
func TestKill(t *testing.T) {
	t.Parallel()
	r, s := newRig(t), newServer(t)
	w := r.worker()
	w.expect("", "read", "note")
	w.expect("ok", "write", "note", "one")
	w.expect("ok", "dial", "link", s.Addr())
	c := s.next()
	w.expect("ok", "ready")
	for i := range 10 {
		w.expect("ok", "send", "link", "x")
		hear(t, c, "x")
		say(t, c, "unread")
		w.kill()
		w = r.worker()
		if w.restarts != strconv.Itoa(i+1) || w.last != "signal: killed" {
			t.Errorf("after %d kills the keeper reports %s, %s", i+1, w.restarts, w.last)
		}
		w.expect("one", "read", "note")
		w.expect("ok", "adopt", "link")
		w.expect("takeover: nobody held a connection of this name", "adopt", "other")
		w.expect("unread", "receive", "link")
		w.expect("ok", "ready")
	}
}

// TestHoldBeforeDeath kills a worker right after it has held something; the
// kernel has the message then, not yet the keeper.
func TestHoldBeforeDeath(t *testing.T) {
	t.Parallel()
	r, s := newRig(t), newServer(t)
	w := r.worker()
	w.expect("ok", "ready")
	if err := syscall.Kill(r.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.expect("ok", "dial", "link", s.Addr())
	w.expect("ok", "write", "note", "late")
	c := s.next()
	w.kill()
	r.signal(syscall.SIGCONT)
	w = r.worker()
	w.expect("ok", "adopt", "link")
	w.expect("late", "read", "note")
	w.expect("ok", "send", "link", "hello")
	hear(t, c, "hello")
}

func TestDrop(t *testing.T) {
	t.Parallel()
	r, s := newRig(t), newServer(t)
	w := r.worker()
	w.expect("ok", "ready")
	w.expect("ok", "dial", "open", s.Addr())
	open := s.next()
	w.expect("ok", "dial", "closed", s.Addr())
	closed := s.next()
	w.expect("ok", "close", "closed") // the keeper has it still
	w.expect("ok", "drop", "closed")
	ended(t, closed)
	w.expect("ok", "drop", "open")
	ended(t, open)
	w.expect("ok", "dial", "left", s.Addr())
	left := s.next()
	w.kill()
	w = r.worker()
	w.expect("ok", "drop", "left") // without having adopted it
	ended(t, left)
	for _, name := range []string{"open", "closed", "left"} {
		w.expect("takeover: nobody held a connection of this name", "adopt", name)
	}
}

// TestAreaOfAnotherSize is not the old one.
func TestAreaOfAnotherSize(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.worker()
	w.expect("ok", "write", "note", "old")
	w.expect("ok", "ready")
	w.kill()
	w = r.worker()
	w.expect("", "read", "note", 2*areaSize)
	w.expect("ok", "ready")
	w.kill()
	w = r.worker()
	w.expect("", "read", "note")
}

// TestListener dials while no worker lives.
func TestListener(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.worker()
	address := w.order("listen", "web", "127.0.0.1:0")
	other := w.order("listen", "old", "127.0.0.1:0")
	w.expect("ok", "ready")
	if err := syscall.Kill(r.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.kill() // and the keeper does not know it yet
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	defer c.Close()
	r.signal(syscall.SIGCONT)
	w = r.worker()
	w.expect(address, "listen", "web", "127.0.0.1:0")
	w.expect("ok", "accept", "web")
	hear(t, c, strconv.Itoa(w.pid))
	if now := w.order("listen", "old", "localhost:0"); now == other {
		t.Errorf("another address is still at %s", now)
	}
	if c, err := net.Dial("tcp", other); err == nil {
		c.Close()
		t.Errorf("the listener at %s is not dropped", other)
	}
}

// TestDescriptors looks for those that leak.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	r, s := newRig(t), newServer(t)
	go func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	w, keepers, workers, outer := r.worker(), "", "", inherited()
	for i := range 3 {
		w.expect("ok", "ready")
		w.expect("ok", "churn", s.Addr())
		if i == 0 {
			workers = w.order("fds")
		}
		w.expect(workers, "fds")
		w.expect(outer, "inherited")
		w.kill()
		w = r.worker() // the keeper has read all that there was
		now := descriptors(r.cmd.Process.Pid)
		if keepers == "" {
			keepers = now
		}
		if now != keepers {
			t.Errorf("the keeper has %s descriptors, and had %s", now, keepers)
		}
	}
}

// TestDeathsBeforeReady are spaced, and then the keeper gives up.
func TestDeathsBeforeReady(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.worker()
	w.expect("ok", "ready")
	w.kill()
	for range maxDeaths {
		r.worker().kill()
	}
	r.ends(1)
	log := r.logged()
	if n := strings.Count(log, "the worker is started again"); n != maxDeaths-1 {
		t.Errorf("put off %d times", n)
	}
	if !strings.Contains(log, `"the worker cannot start" deaths=10 reason="signal: killed"`) {
		t.Error("the reason is not logged")
	}
}

// TestStatus has the worker end by itself.
func TestStatus(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ready  bool
		status int
		end    bool
	}{
		"in order":             {true, 0, true},
		"wrong configuration":  {false, 2, true},
		"failed at the start":  {false, 1, true},
		"crashed at the start": {false, 3, false},
		"a panic":              {true, 2, false},
		"failed later":         {true, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			w := r.worker()
			if c.ready {
				w.expect("ok", "ready")
			}
			w.begin("exit", c.status)
			if c.end {
				r.ends(c.status)
			} else {
				r.worker()
			}
			if want := "exit status " + strconv.Itoa(c.status); !strings.Contains(r.logged(), want) {
				t.Errorf("%q is not logged", want)
			}
		})
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.worker()
	r.signal(syscall.SIGHUP) // comes when the worker can take it
	w.expect("ok", "ready")
	w.expect("hangup", "signal")
	r.forwards(w, syscall.SIGHUP, "hangup")
	r.forwards(w, syscall.SIGINT, "terminated")
	w.begin("exit", 0)
	r.ends(0)
}

// TestSecondSignal ends what does not end.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.worker()
	w.expect("ok", "ready")
	r.forwards(w, syscall.SIGTERM, "terminated")
	r.signal(syscall.SIGTERM)
	r.ends(1)
}
