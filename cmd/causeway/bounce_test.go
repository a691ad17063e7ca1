package main_test

import (
	"path/filepath"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestBouncedByTheServer has a server that keeps nothing for who is offline:
// what it returns is kept here, over a restart, and shown when the user is
// back.
func TestBouncedByTheServer(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	r.server.Kill()
	edit(t, filepath.Join(r.server.Dir, "prosody.cfg.lua"), func(file string) string {
		file = strings.Replace(file, `"mam", "offline",`, "", 1)
		return strings.Replace(file, "modules_disabled = {", `modules_disabled = { "offline",`, 1)
	})
	r.server.Restart()
	lab.Await(t, "ready", func() bool { return r.gateway.ready() == nil })
	u := r.registered(t, "alice")
	u.Wait("the answer to the gateway's subscription", presence(domain, "subscribed"))
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	if status := r.centre.Text(phone, u.number, "while you were away"); status != 0 {
		t.Fatalf("the text is answered by %#x", status)
	}
	lab.Await(t, "the text is kept", func() bool {
		return r.gateway.metric("causeway_gateway_bounces_total", "kept") == 1 && r.gateway.status().Parked == 1
	})
	r.gateway.stop()
	r.gateway.start()
	back := r.login(t, "alice")
	back.Wait("the text", message(contact, "while you were away"))
	lab.Await(t, "nothing is kept", func() bool { return r.gateway.status().Parked == 0 })
}
