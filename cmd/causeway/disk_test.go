package main_test

import (
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/mapping/storetest"
)

// TestDiskFull fills the disk of the store: the program says so at every door,
// sends nothing that it has not written, and goes on by itself when there is
// room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	disk := storetest.NewDisk(t, 8)
	s, c := lab.Prosody(t, peer.Options{}), lab.StartCentre(t, peer.Node, peer.Secret)
	g := newGateway(t, settings{Server: s.Component, Centre: c.Address})
	g.configure(func(s *settings) { s.Dir = disk.Dir })
	g.start()
	r := &rig{t: t, server: s, centre: c, gateway: g}
	u := r.registered(t, "alice")
	disk.Fill()

	u.Send(contact, "f1", "Is there room?")
	file := disk.Dir + "/causeway.db cannot be written: "
	g.awaitDown("nothing is accepted: " + file)
	if status, out := g.command("status"); status != 1 || !strings.Contains(out, "nothing is accepted: "+file) {
		t.Errorf("status exits with %d: %s", status, out)
	}
	check(t, g, []string{"the store is written: " + file})
	c.None()

	disk.Free()
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
