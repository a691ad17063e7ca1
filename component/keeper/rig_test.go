//go:build linux

package keeper

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds one step on a busy machine.
const patience = 2 * time.Minute

func withPatience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// rig is a kept program and the socket over which its workers get orders.
type rig struct {
	t       *testing.T
	path    string // of the program
	log     string
	cmd     *exec.Cmd
	control *net.UnixListener
}

// newRig starts a program, with a mode if there is one.
func newRig(t *testing.T, mode ...string) *rig {
	t.Helper()
	dir, err := os.MkdirTemp("", "keeper") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r := &rig{t: t, path: filepath.Join(dir, "program"), log: filepath.Join(dir, "log")}
	r.install(strings.Join(mode, ""))
	control := filepath.Join(dir, "control")
	if r.control, err = net.ListenUnix("unix", &net.UnixAddr{Name: control, Net: "unix"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.control.Close() }) // then no worker goes on
	r.cmd = r.launch()
	return r
}

// launch starts a keeper, which the end of the test kills.
func (r *rig) launch() *exec.Cmd {
	r.t.Helper()
	log, err := os.OpenFile(r.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(r.path, "run")
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", envControl+"="+r.control.Addr().String())
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if r.t.Failed() {
			r.t.Logf("the log:\n%s", r.logged())
		}
	})
	return cmd
}

// install puts a program with a mode at the path.
func (r *rig) install(mode string) {
	r.t.Helper()
	text, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		r.t.Fatal(err)
	}
	r.place(append(text, fmt.Sprintf("=%-*s", modeSize-1, mode)...), 0o700)
}

// place replaces the file at the path as a package manager does. Meanwhile no
// child starts, which would have the file open and keep it from being run.
func (r *rig) place(text []byte, mode os.FileMode) {
	r.t.Helper()
	fresh := r.path + ".new"
	syscall.ForkLock.RLock()
	err := os.WriteFile(fresh, text, mode)
	syscall.ForkLock.RUnlock()
	if err = errors.Join(err, os.Rename(fresh, r.path)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) logged() string {
	text, err := os.ReadFile(r.log)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// awaitLog waits for a text in the log.
func (r *rig) awaitLog(text string) {
	r.t.Helper()
	beat := time.NewTicker(5 * time.Millisecond)
	defer beat.Stop()
	for end := time.Now().Add(patience); !strings.Contains(r.logged(), text); <-beat.C {
		if time.Now().After(end) {
			r.t.Fatalf("%q is not in the log", text)
		}
	}
}

// signal sends a signal to the keeper.
func (r *rig) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// forwards checks that the worker gets a signal that the keeper gets.
func (r *rig) forwards(w *hand, s syscall.Signal, name string) {
	r.t.Helper()
	r.signal(s)
	w.expect(name, "signal")
}

// upgrade upgrades to a program with a mode: the worker leaves, by closing its
// connections or not.
func (r *rig) upgrade(w *hand, mode, closing string) {
	r.t.Helper()
	r.install(mode)
	r.signal(syscall.SIGUSR2)
	w.expect(closing, "leaving")
	w.begin("exit", 0)
}

// ends waits for the end of the keeper and checks its exit status.
func (r *rig) ends(status int) {
	r.t.Helper()
	late := time.AfterFunc(patience, func() { _ = r.cmd.Process.Kill() })
	defer late.Stop()
	_ = r.cmd.Wait()
	if got := r.cmd.ProcessState.ExitCode(); got != status {
		r.t.Errorf("exit status %d, want %d", got, status)
	}
}

// hand gives orders to one worker.
type hand struct {
	t        *testing.T
	conn     net.Conn
	in       *bufio.Scanner
	pid      int
	mode     string
	restarts string
	last     string
}

// worker waits for the next worker to begin.
func (r *rig) worker() *hand {
	r.t.Helper()
	if err := r.control.SetDeadline(time.Now().Add(patience)); err != nil {
		r.t.Fatal(err)
	}
	c, err := r.control.Accept()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	h := &hand{t: r.t, conn: c, in: bufio.NewScanner(c)}
	hello := strings.SplitN(h.line(), " ", 5)
	if len(hello) != 5 || hello[2] != "true" {
		r.t.Fatalf("the worker begins with %q", hello)
	}
	h.pid, _ = strconv.Atoi(hello[0])
	h.mode, h.restarts, h.last = hello[1], hello[3], hello[4]
	return h
}

// workerOf waits for the next worker, which shall be of a program with a mode.
func (r *rig) workerOf(mode string) *hand {
	r.t.Helper()
	w := r.worker()
	if w.mode != mode {
		r.t.Errorf("the worker is %q, want %q", w.mode, mode)
	}
	return w
}

func (h *hand) line() string {
	h.t.Helper()
	if err := h.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	if !h.in.Scan() {
		h.t.Fatalf("the worker says nothing: %v", h.in.Err())
	}
	return h.in.Text()
}

// order has the worker do something and returns its answer.
func (h *hand) order(words ...any) string {
	h.t.Helper()
	h.begin(words...)
	return h.line()
}

func (h *hand) begin(words ...any) {
	h.t.Helper()
	if _, err := fmt.Fprintln(h.conn, words...); err != nil {
		h.t.Fatal(err)
	}
}

// expect is an order whose answer is known.
func (h *hand) expect(answer string, words ...any) {
	h.t.Helper()
	if got := h.order(words...); got != answer {
		h.t.Errorf("%v: the answer is %q, want %q", words, got, answer)
	}
}

// kill ends the worker at once, whatever it does.
func (h *hand) kill() {
	h.t.Helper()
	if err := syscall.Kill(h.pid, syscall.SIGKILL); err != nil {
		h.t.Fatal(err)
	}
}

// server is the other end of the connections of workers.
type server struct {
	t *testing.T
	net.Listener
}

func newServer(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &server{t, l}
}

// next is the next connection.
func (s *server) next() net.Conn {
	s.t.Helper()
	c, err := s.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c net.Conn, text string) {
	t.Helper()
	b := make([]byte, len(text))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != text {
		t.Fatalf("the other side hears %q, %v; want %q", b[:n], err, text)
	}
}

// ended checks that a connection is closed.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is open: %d bytes, %v", n, err)
	}
}
