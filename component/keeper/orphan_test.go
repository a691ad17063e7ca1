//go:build linux

package keeper

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// served has a worker serve a socket whose path is longer than the address of
// a unix socket may be.
func served(t *testing.T, w *hand) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "db.sock")
	w.expect("ok", "serve", socket, "a/1")
	if s, err := os.Stat(socket); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v", s, err)
	}
	return socket
}

// abandon kills the keeper of a worker.
func abandon(r *rig, w *hand) {
	r.t.Helper()
	r.signal(syscall.SIGKILL)
	r.ends(-1) // by the signal
	w.expect("ok", "gone")
}

// TestOrphan has a worker whose keeper was killed work on, and then hand over
// to a worker of another keeper.
func TestOrphan(t *testing.T) {
	t.Parallel()
	for reads, closed := range map[string]string{"a/1": "false", "b/1": "true"} {
		t.Run("to one that reads "+reads, func(t *testing.T) {
			t.Parallel()
			r, w, s := serving(t)
			socket := served(t, w)
			address := w.order("listen", "web", "127.0.0.1:0")
			abandon(r, w)
			w.expect("ok", "send", "link", "on")
			w.expect("keeper: conn/more is not held: the keeper has died", "dial", "more", s.Addr())
			w.expect("ok", "write", "second", "two") // softly

			r.cmd = r.launch()
			next := r.worker()
			next.begin("takeover", socket, reads)
			w.expect(closed, "leaving")
			w.expect("ok", "drop", "more") // told to the successor
			w.expect("ok", "dial", "last", s.Addr())
			w.begin("exit", 0)
			if got := next.line(); got != "ok" {
				t.Fatal(got)
			}
			next.expect("ok", "ready")
			next.kill() // its keeper has it all
			next = r.worker()
			next.expect("ok", "adopt", "link")
			next.expect("ok", "send", "link", "further")
			hear(t, s.next(), "onfurther")
			next.expect("one", "read", "note")
			next.expect("two", "read", "second")
			next.expect(address, "listen", "web", "127.0.0.1:0")
			next.expect("ok", "adopt", "last")
			next.expect("takeover: nobody held a connection of this name", "adopt", "more")
		})
	}
}

// TestRelieve has a worker whose keeper was killed close all in order for one
// that has no use for it.
func TestRelieve(t *testing.T) {
	t.Parallel()
	r, w, s := serving(t)
	socket := served(t, w)
	address := w.order("listen", "web", "127.0.0.1:0")
	abandon(r, w)
	link := s.next()
	r.cmd = r.launch()
	next := r.worker()
	next.begin("relieve", socket)
	w.expect("true", "leaving")
	w.expect("ok", "drop", "link")
	ended(t, link)
	w.begin("exit", 0)
	if got := next.line(); got != "ok" {
		t.Fatal(got)
	}
	next.expect("takeover: nobody held a connection of this name", "adopt", "link")
	next.expect(address, "listen", "web", address) // nobody has it any more
}

// TestNoOrphan asks a worker whose keeper lives, and a socket that nobody
// serves.
func TestNoOrphan(t *testing.T) {
	t.Parallel()
	r, w, _ := serving(t)
	socket := served(t, w)
	r.launch()
	next := r.worker()
	next.expect("keeper: nobody hands over", "takeover", socket, "a/1")
	next.expect("keeper: nobody hands over", "relieve", socket)
	if got := next.order("takeover", socket+".none", "a/1"); !strings.Contains(got, "nobody hands over") {
		t.Errorf("nobody there: %s", got)
	}
	w.expect("ok", "send", "link", "x")
}

// TestSilentKeeper stops the keeper: its worker goes on, and what it held
// meanwhile is not held. What it dropped is dropped when the keeper is back.
func TestSilentKeeper(t *testing.T) {
	t.Parallel()
	r, w, s := serving(t)
	r.signal(syscall.SIGSTOP)
	t.Cleanup(func() { r.signal(syscall.SIGCONT) })
	w.expect("ok", "dial", "later", s.Addr())
	s.next()
	later := s.next()
	got := w.order("fill", s.Addr())
	if !strings.Contains(got, "is not held") {
		t.Fatalf("a silent keeper: %s", got)
	}
	w.expect("ok", "drop", "later")
	ended(t, later)
	r.signal(syscall.SIGCONT)
	for got = "not held"; strings.Contains(got, "not held"); { // until it has read
		got = w.order("dial", "after", s.Addr()) // takes the drop with it
	}
	w.kill()
	w = r.worker()
	w.expect("takeover: nobody held a connection of this name", "adopt", "later")
	w.expect("ok", "adopt", "after")
	w.expect("ok", "adopt", "link")
}
