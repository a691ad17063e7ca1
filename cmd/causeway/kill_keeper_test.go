package main_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// blow is something that befalls the program.
type blow struct {
	name   string
	strike func(k *traffic)
}

// blows leave a successor with the same binds and links.
var blows = []blow{
	{"two run on one store", func(k *traffic) {
		pid := k.gateway.worker()
		status, out := k.gateway.command("run")
		if status != 1 || !strings.Contains(out, fmt.Sprint("process ", pid)) {
			k.t.Errorf("the second ends with %d: %s", status, out)
		}
	}},
	{"the keeper is killed", keeperKilled},
	{"the worker is killed after that", func(k *traffic) { k.gateway.killWorker() }},
	{"the same program is installed", func(k *traffic) { k.upgrade(program) }},
	{"the next version is installed", func(k *traffic) {
		k.upgrade(built(k.t, "next", "-ldflags", "-X main.version=next"))
		if v := k.gateway.wholeStatus().Version; v != "next" {
			k.t.Errorf("version %s runs", v)
		}
	}},
	{"a damaged program is installed", func(k *traffic) {
		pid := k.gateway.worker()
		file := filepath.Join(k.t.TempDir(), "damaged")
		if err := os.WriteFile(file, []byte("\x7fELF, or so"), 0o700); err != nil {
			k.t.Fatal(err)
		}
		k.gateway.install(file)
		k.gateway.tellKeeper(syscall.SIGUSR2, "the upgrade is refused")
		if now := k.gateway.worker(); now != pid {
			k.t.Errorf("the worker was %d and is %d", pid, now)
		}
	}},
	{"a program is installed that dies at once", func(k *traffic) {
		pid := k.gateway.worker()
		k.gateway.install(built(k.t, "broken", "-tags", "broken"))
		k.gateway.tellKeeper(syscall.SIGUSR2, "the old one comes back")
		k.gateway.awaitWorker(pid)
		if v := k.gateway.wholeStatus().Version; v != "next" {
			k.t.Errorf("version %s runs", v)
		}
	}},
	{"the worker stands still", func(k *traffic) {
		pid := k.gateway.worker()
		for _, s := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
			if err := syscall.Kill(pid, s); err != nil {
				k.t.Fatal(err)
			}
			if s == syscall.SIGSTOP {
				<-time.After(30 * time.Second)
			}
		}
	}},
}

func TestKillKeeperBesideProsody(t *testing.T)  { t.Parallel(); struck(t, "prosody") }
func TestKillKeeperBesideEjabberd(t *testing.T) { t.Parallel(); struck(t, "ejabberd") }

// struck deals all blows under load. Nobody notices any of them.
func struck(t *testing.T, server string) {
	k := newTraffic(t, setup{server: server, stuck: outOfReach, orders: true, whole: true, rate: killRate, link: true, bind: true, cut: 200, program: installed(t, program)})
	w := k.watch()
	k.beginStuck()
	for _, b := range blows {
		began := time.Now()
		k.await(k.flow())
		b.strike(k)
		t.Logf("%s: %v", b.name, time.Since(began).Round(time.Millisecond))
	}
	k.unnoticed(w)
	k.finish()
	k.verdict(allowed{})
}

// flow waits until each user has got some answers more.
func (k *traffic) flow() func(yield func(string) bool) {
	const more = 30
	before := map[*sender]int{}
	for _, s := range k.senders {
		before[s] = s.answeredCount()
	}
	return func(yield func(string) bool) {
		for s, n := range before {
			if got := s.answeredCount(); got < n+more && !yield(fmt.Sprintf("%s has %d answers more", s.name, got-n)) {
				return
			}
		}
	}
}

// keeperKilled: the worker works on, until another run takes over.
func keeperKilled(k *traffic) {
	pid := k.gateway.worker()
	k.gateway.killKeeper()
	k.await(k.flow())
	k.gateway.start()
	k.gateway.awaitWorker(pid)
}

// upgrade installs a program and waits until it works.
func (k *traffic) upgrade(file string) {
	k.t.Helper()
	keeper, pid := k.gateway.PID(), k.gateway.worker()
	k.gateway.install(file)
	k.gateway.tellKeeper(syscall.SIGUSR2, "the binary is tried")
	k.gateway.awaitWorker(pid)
	if parent := peer.Parent(k.gateway.worker()); parent != keeper {
		k.t.Errorf("the keeper was %d and is %d", keeper, parent)
	}
}

// tellKeeper sends the keeper a signal and waits for a line in the log.
func (g *gateway) tellKeeper(s syscall.Signal, line string) {
	g.t.Helper()
	before := g.count(line)
	if err := syscall.Kill(g.PID(), s); err != nil {
		g.t.Fatal(err)
	}
	lab.Await(g.t, line, func() bool { return g.count(line) > before })
}

// installed copies a program to where it can be replaced.
func installed(t *testing.T, file string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "causeway")
	install(t, file, path)
	return path
}

// install puts a program in the place of the one that runs, as a package
// manager does.
func (g *gateway) install(file string) { g.t.Helper(); install(g.t, file, g.set.Program) }

func install(t testing.TB, file, path string) {
	t.Helper()
	from, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if closed := to.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}
