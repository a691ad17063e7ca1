package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// smallDisk mounts a file system of its own for a test.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=700"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 16, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

// TestDiskFull fills the disk of the store: the program says so at every door,
// sends nothing that it has not written, and goes on by itself when there is
// room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	s, c := lab.Prosody(t, peer.Options{}), lab.StartCentre(t, peer.Node, peer.Secret)
	g := newGateway(t, settings{Server: s.Component, Centre: c.Address})
	g.configure(func(s *settings) { s.Dir = disk })
	g.start()
	r := &rig{t: t, server: s, centre: c, gateway: g}
	u := r.registered(t, "alice")
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)

	u.Send(contact, "f1", "Is there room?")
	file := disk + "/causeway.db cannot be written: "
	g.awaitDown("nothing is accepted: " + file)
	if status, out := g.command("status"); status != 1 || !strings.Contains(out, "nothing is accepted: "+file) {
		t.Errorf("status exits with %d: %s", status, out)
	}
	check(t, g, []string{"the store is written: " + file})
	c.None()

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	sent := c.Next("submit")
	if sent.Text != "Is there room?" {
		t.Errorf("the centre got %+v", sent)
	}
	c.Report(sent, true)
	u.Wait("the receipt", receipt("f1"))
	lab.Await(t, "ready", func() bool { return g.ready() == nil })
	g.outcome(0, []string{domain}, "status")
	none(t, "a failure", r.barrier(u, phone), failure("f1"))
	c.None()
}
