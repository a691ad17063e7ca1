package main_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"causeway/cmd/causeway/app"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestWorkerKilled kills the process that serves. Nobody who connects to the
// web server is refused, the keeper stays, and texts go on.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	u := r.registered(t, "alice")
	refused := r.gateway.watchWeb(t)
	for n := 1; n <= 5; n++ {
		before := r.gateway.wholeStatus()
		killProcess(t, before.PID)
		s := r.gateway.nextWorker(before.PID)
		if s.Keeper.PID != r.gateway.PID() || s.Keeper.Restarts != n || s.Keeper.Last != "signal: killed" {
			t.Errorf("after %d kills: %+v", n, s.Keeper)
		}
		r.textsBothWays(u, strconv.Itoa(n))
	}
	if err := refused(); err != nil {
		t.Error(err)
	}
	r.connections(1)
	if n := r.gateway.count("the worker has ended"); n != 5 {
		t.Errorf("%d ends of workers are in the log", n)
	}
	status, out := r.gateway.command("status")
	if status != 0 || !strings.Contains(out, "restarted 5 times, last after: signal: killed") {
		t.Errorf("status exits with %d: %s", status, out)
	}
}

// TestKeeperKilled leaves a worker without a keeper. It serves on; another
// program takes over from it.
func TestKeeperKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	u := r.registered(t, "alice")
	before := r.gateway.wholeStatus()
	killProcess(t, r.gateway.PID())
	<-r.gateway.Done()
	lab.Await(t, "the worker knows it", func() bool { return r.gateway.count("the keeper has died") == 1 })
	r.textsBothWays(u, "an orphan")
	r.gateway.outcome(0, []string{fmt.Sprintf("process %d, whose keeper %d has died", before.PID, before.Keeper.PID)}, "status")
	if s := r.gateway.wholeStatus(); s.PID != before.PID {
		t.Errorf("process %d serves, it was %d", s.PID, before.PID)
	}
	refused := r.gateway.watchWeb(t)
	r.gateway.start()
	s := r.gateway.nextWorker(before.PID)
	if s.Keeper.PID != r.gateway.PID() || peer.Parent(before.PID) != 0 {
		t.Errorf("the status is %+v; the old worker's parent is %d", s, peer.Parent(before.PID))
	}
	if err := refused(); err != nil {
		t.Error(err)
	}
	r.textsBothWays(u, "taken over")
	r.connections(1)
}

// TestRelieved leaves a worker without a keeper to a program that wants none:
// the worker closes its connections in order, and nothing is lost.
func TestRelieved(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	u := r.registered(t, "alice")
	r.gateway.configure(func(s *settings) { s.Alone = true })
	if status, out := r.gateway.command("run", "--no-keeper"); status != 1 || !strings.Contains(out, "is in use by process") {
		t.Errorf("while the keeper lives: %d, %s", status, out)
	}
	before := r.gateway.wholeStatus()
	killProcess(t, r.gateway.PID())
	<-r.gateway.Done()
	lab.Await(t, "the worker knows it", func() bool { return r.gateway.count("the keeper has died") == 1 })
	u.Send(contact, "early", "reported on late")
	sent := r.centre.Next("submit")
	r.gateway.start()
	if s := r.gateway.nextWorker(before.PID); s.PID != r.gateway.PID() || s.Keeper.PID != 0 || peer.Parent(before.PID) != 0 {
		t.Errorf("the status is %+v; the old worker's parent is %d", s, peer.Parent(before.PID))
	}
	r.centre.Report(sent, true)
	u.Wait("the receipt", receipt("early"))
	r.textsBothWays(u, "relieved")
	r.connections(2)
	for _, end := range []string{`msg="causeway has stopped" successor=false`, "a process without a keeper has handed over"} {
		if r.gateway.count(end) != 1 {
			t.Errorf("%s: %d times in the log", end, r.gateway.count(end))
		}
	}
}

// TestUpgrade replaces the program by binaries that work, and by ones that do
// not.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "causeway")
	copyProgram(t, program, path)
	s, c := lab.Prosody(t, peer.Options{}), lab.StartCentre(t, peer.Node, peer.Secret)
	r := &rig{t: t, server: s, centre: c, gateway: newGateway(t, settings{Server: s.Component, Centre: c.Address, Program: path})}
	r.gateway.start()
	u := r.registered(t, "alice")
	refused := r.gateway.watchWeb(t)
	next, err := peer.Build(within(t), filepath.Join(dir, "next"), "causeway/cmd/causeway", "-ldflags", "-X main.version=next")
	if err != nil {
		t.Fatal(err)
	}
	before := r.gateway.wholeStatus()
	for n, broken := range []string{"exit 1", `test "$1" = version`, `test "$1" != note`} {
		placeScript(t, path, broken)
		r.gateway.tellUpgrade()
		lab.Await(t, broken, func() bool { return r.gateway.count("the upgrade is refused") == n+1 })
	}
	if s := r.gateway.wholeStatus(); s.PID != before.PID {
		t.Errorf("process %d serves, it was %d", s.PID, before.PID)
	}
	copyProgram(t, next, path)
	r.gateway.tellUpgrade()
	after := r.gateway.nextWorker(before.PID)
	if after.Version != "next" || after.Keeper.PID != r.gateway.PID() {
		t.Errorf("the status is %+v", after)
	}
	r.textsBothWays(u, "upgraded")
	if err := refused(); err != nil {
		t.Error(err)
	}
	r.connections(1)
	r.gateway.stop()
}

// copyProgram copies a program as a package manager does.
func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	replaceFile(t, to, text)
}

// placeScript puts a shell script in the place of a program.
func placeScript(t *testing.T, path, text string) {
	t.Helper()
	replaceFile(t, path, []byte("#!/bin/sh\n"+text+"\n"))
}

// replaceFile writes a program. Meanwhile no child starts, which would have
// the file open and keep it from being run.
func replaceFile(t *testing.T, path string, text []byte) {
	t.Helper()
	syscall.ForkLock.RLock()
	err := os.WriteFile(path+".new", text, 0o700)
	syscall.ForkLock.RUnlock()
	if err = errors.Join(err, os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

func (g *gateway) tellUpgrade() {
	g.t.Helper()
	if err := syscall.Kill(g.PID(), syscall.SIGUSR2); err != nil {
		g.t.Fatal(err)
	}
}

func killProcess(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// nextWorker waits until another process serves and is ready.
func (g *gateway) nextWorker(before int) (s app.Status) {
	g.t.Helper()
	lab.Await(g.t, "another worker", func() bool {
		err := g.ready()
		if err == nil {
			s, err = g.askStatus()
		}
		return err == nil && s.PID != before
	})
	return s
}

// watchWeb connects to the web server again and again. What it returns ends
// that and says whether a connection was refused.
func (g *gateway) watchWeb(t *testing.T) (refused func() error) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		var d net.Dialer
		beat := time.NewTicker(2 * time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				ended <- nil
				return
			case <-beat.C:
			}
			c, err := d.DialContext(ctx, "tcp", g.set.HTTP)
			if err != nil && ctx.Err() == nil {
				ended <- err
				return
			}
			if c != nil {
				c.Close()
			}
		}
	}()
	return func() error {
		stop()
		return <-ended
	}
}

// textsBothWays has a text go and come.
func (r *rig) textsBothWays(u *user, text string) {
	r.t.Helper()
	u.Send(contact, "to "+text, "to "+text)
	if sent := r.centre.Next("submit"); sent.Text != "to "+text {
		r.t.Errorf("the centre got %+v", sent)
	}
	r.centre.Text(phone, u.number, "from "+text)
	u.Wait("a text", message(contact, "from "+text))
}

// connections checks how often the component has connected to Prosody.
func (r *rig) connections(want int) {
	r.t.Helper()
	log, err := os.ReadFile(filepath.Join(r.server.Dir, "prosody.log"))
	if n := strings.Count(string(log), "External component successfully authenticated"); n != want || err != nil {
		r.t.Errorf("%d connections of the component, %v; want %d", n, err, want)
	}
}
