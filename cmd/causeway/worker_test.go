package main_test

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// killRate is texts and orders a second of each user, both ways.
const killRate = 30

// outOfReach, ESME_RX_T_APPN, is an answer that slows down nobody else.
const outOfReach = 0x64

// killTime is how long a test kills again and again: KILLTIME of the
// environment, so that `make soak` can ask for more.
func killTime(t *testing.T, usual time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv("KILLTIME")
	if text == "" {
		return usual
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("KILLTIME: %v", err)
	}
	return d
}

// workers returns the workers of a keeper that run, and those that it has left,
// but not who stands by.
func workers(p *peer.Process) []int {
	var all []int
	for _, pid := range p.Family() {
		env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
		name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
		if err == nil && string(name) != "standby\n" && strings.Contains("\x00"+string(env), "\x00CAUSEWAY_KEEPER=") {
			all = append(all, pid)
		}
	}
	return all
}

// worker returns the process id of the one worker.
func (g *gateway) worker() int {
	g.t.Helper()
	var pid int
	lab.Await(g.t, "one worker", func() bool {
		all := workers(g.Process)
		if len(all) == 1 {
			pid = all[0]
		}
		return len(all) == 1
	})
	return pid
}

// killWorker kills the worker by SIGKILL and waits until another is ready.
func (g *gateway) killWorker() {
	g.t.Helper()
	pid := g.worker()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		g.t.Fatal(err)
	}
	g.awaitWorker(pid)
}

// awaitWorker waits until the worker has ended and another is ready.
func (g *gateway) awaitWorker(before int) {
	g.t.Helper()
	lab.Await(g.t, "the worker has ended", func() bool { return peer.Parent(before) == 0 })
	lab.Await(g.t, "another worker is ready", func() bool { return g.ready() == nil })
}

// killKeeper kills the keeper alone, by SIGKILL.
func (g *gateway) killKeeper() {
	g.t.Helper()
	if err := syscall.Kill(g.PID(), syscall.SIGKILL); err != nil {
		g.t.Fatal(err)
	}
	<-g.Done()
}

// beginStuck starts the load, with one phone that is out of reach for a third
// of the time. What is sent to it goes when it is tried again: 2 s, 4 s and so
// on after the last attempt.
func (k *traffic) beginStuck() {
	k.t.Helper()
	k.begin()
	free := time.AfterFunc(killTime(k.t, 30*time.Second)/3, func() { k.centre.SetStuck(stuckPhone, 0) })
	k.t.Cleanup(func() { free.Stop() })
}
