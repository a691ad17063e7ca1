package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// plainMake keeps the options of a make that runs the tests from ours.
func plainMake(networks string) []string {
	return []string{"MAKEFLAGS=", "MAKELEVEL=", "NETWORKS=" + networks}
}

// running is a `make run`.
type running struct {
	*peer.Process
	address string
}

var (
	announced = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)
	kept      = regexp.MustCompile(`Logs and data are in (\S+)\. `)
)

// makeRun is what a user types to see networks; it ends with the test, and shows
// the gateway's log if the test failed.
func makeRun(t *testing.T, networks string) running {
	t.Helper()
	build := exec.CommandContext(t.Context(), "make", "-C", "../..", "-j2", "deps-run", "bin/demo")
	build.Env = append(os.Environ(), plainMake(networks)...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make: %v\n%s", err, out)
	}
	r := running{}
	log := filepath.Join(t.TempDir(), "log")
	r.Process = lab.Start(t, peer.Spec{
		Name: "make run", Path: "make", Args: []string{"-C", "../..", "run"}, Env: plainMake(networks), Log: log,
		Ready: func() error {
			if r.address = announced.FindString(peer.Tail(log)); r.address == "" {
				return errors.New("no address yet")
			}
			return nil
		},
	})
	t.Cleanup(func() {
		if dir := kept.FindStringSubmatch(r.Tail()); t.Failed() && dir != nil {
			t.Logf("causeway:\n%s", peer.Tail(filepath.Join("../..", dir[1], "causeway.log")))
		}
	})
	return r
}

// interrupt does what Ctrl-C does in a terminal.
func (r running) interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-r.PID(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// TestTwoRunsAndTheirEnds runs two demos at once. One is interrupted, one loses
// a child: both leave nothing running, and neither minds the other.
func TestTwoRunsAndTheirEnds(t *testing.T) {
	one, two := makeRun(t, "sms,matrix"), makeRun(t, "sms")
	if one.address == two.address {
		t.Fatalf("both are at %s", one.address)
	}
	ofOne, ofTwo := family(t, one.PID(), "python"), family(t, two.PID())
	one.interrupt(t)
	ofOne.gone(t)
	if !strings.Contains(one.Tail(), "Everything has stopped.") {
		t.Errorf("the first said:\n%s", one.Tail())
	}
	resp, err := http.Get(two.address)
	if err != nil {
		t.Fatalf("the second has ended with the first: %v", err)
	}
	resp.Body.Close()
	if err := unix.PidfdSendSignal(ofTwo["handset"], unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	ofTwo.gone(t)
	if said := two.Tail(); two.ExitCode() == 0 || !strings.Contains(said, "handset has ended") || !strings.Contains(said, "The SMS centre listens on") {
		t.Errorf("the second ended with %d and said:\n%s", two.ExitCode(), said)
	}
}

// TestKilled kills the demo itself, which has no time to stop anything. The
// page says that it is over.
func TestKilled(t *testing.T) {
	r := makeRun(t, "sms")
	f := family(t, r.PID())
	b := open(t, r.address)
	b.see(phoneFrame, "#link.up", "")
	if err := unix.PidfdSendSignal(f["demo"], unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	f.gone(t)
	b.wait("the page says that it is over", "!document.getElementById('over').hidden")
}

// processes are descriptors of running processes, by name; those of one name
// by name and number, but for the first.
type processes map[string]int

// family returns all that descend from a process: at least what every demo has,
// and the others that are named.
func family(t *testing.T, pid int, others ...string) processes {
	t.Helper()
	f := processes{}
	for _, p := range descendants(t, pid) {
		fd, err := unix.PidfdOpen(p.pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		name := p.name
		if _, taken := f[name]; taken {
			name = fmt.Sprint(p.name, " ", p.pid)
		}
		f[name] = fd
	}
	for _, name := range append(others, "demo", "causeway", "handset", "lua5.4") {
		if _, ok := f[name]; !ok {
			t.Fatalf("%s does not run; there are %v", name, f)
		}
	}
	return f
}

// gone waits until all of them have ended.
func (f processes) gone(t *testing.T) {
	t.Helper()
	for name, fd := range f {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(patience/time.Millisecond))
		for errors.Is(err, unix.EINTR) {
			n, err = unix.Poll(fds, int(patience/time.Millisecond))
		}
		if n != 1 || err != nil {
			t.Errorf("%s still runs (%v)", name, err)
		}
	}
}
