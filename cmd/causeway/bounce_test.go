package main_test

import (
	"path/filepath"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// newForgetful has a Prosody that keeps nothing for who is offline.
func newForgetful(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, "prosody", peer.Node)
	r.server.Kill()
	edit(t, filepath.Join(r.server.Dir, "prosody.cfg.lua"), func(file string) string {
		file = strings.Replace(file, `"mam", "offline",`, "", 1)
		return strings.Replace(file, "modules_disabled = {", `modules_disabled = { "offline",`, 1)
	})
	r.server.Restart()
	lab.Await(t, "ready", func() bool { return r.gateway.ready() == nil })
	return r
}

// keepsOne waits until the only text that came back is kept.
func (r *rig) keepsOne(t *testing.T) {
	t.Helper()
	lab.Await(t, "the text is kept", func() bool {
		return r.gateway.metric("causeway_gateway_bounces_total", "kept") == 1 && r.gateway.status().Parked == 1
	})
}

// TestBouncedByTheServer: what the server returns is kept here, over a restart,
// and shown when the user is back.
func TestBouncedByTheServer(t *testing.T) {
	t.Parallel()
	r := newForgetful(t)
	u := r.registered(t, "alice")
	u.Wait("the answer to the gateway's subscription", presence(domain, "subscribed"))
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	if status := r.centre.Text(phone, u.number, "while you were away"); status != 0 {
		t.Fatalf("the text is answered by %#x", status)
	}
	r.keepsOne(t)
	r.gateway.stop()
	r.gateway.start()
	back := r.login(t, "alice")
	back.Wait("the text", message(contact, "while you were away"))
	lab.Await(t, "nothing is kept", func() bool { return r.gateway.status().Parked == 0 })
}

// TestBouncedAtNegativePriority: a client that gets nothing sent to the bare JID
// (RFC 6121 8.5.2) is no reason to try a text again, however often it shows
// itself (xeps.md 0100.25).
func TestBouncedAtNegativePriority(t *testing.T) {
	t.Parallel()
	r := newForgetful(t)
	u := r.settled(t, "alice")
	u.Do(map[string]any{"do": "priority", "value": -1})
	u.handled()
	if status := r.centre.Text(phone, u.number, "for a device that listens"); status != 0 {
		t.Fatalf("the text is answered by %#x", status)
	}
	r.keepsOne(t)
	for range 10 {
		u.Do(map[string]any{"do": "priority", "value": -1})
		u.handled()
	}
	r.keepsOne(t)
	u.Do(map[string]any{"do": "priority", "value": 1})
	u.Wait("the text", message(contact, "for a device that listens"))
	lab.Await(t, "nothing is kept", func() bool { return r.gateway.status().Parked == 0 })
}
