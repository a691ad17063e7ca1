package main_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestWeb looks at what a monitoring system sees.
func TestWeb(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	for path, want := range map[string]string{
		"/healthz": "ok\n", "/readyz": "ready\n", "/metrics": "causeway_link_up{domain=\"" + domain + "\"} 1\n", "/status": domain,
	} {
		if status, body, err := r.gateway.get(path); err != nil || status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %v, want %q in\n%s", path, status, err, want, body)
		}
	}
	if status, body, err := r.gateway.get("/media/" + domain + "/forged/a.jpg"); err != nil || status != http.StatusNotFound {
		t.Errorf("a forged link: %d %v in\n%s", status, err, body)
	}
	status, out := r.gateway.command("status")
	if status != 0 || !strings.Contains(out, domain) {
		t.Errorf("status exits with %d: %s", status, out)
	}
	r.gateway.stop()
	if status, out := r.gateway.command("status"); status != 1 || !strings.Contains(out, "no causeway runs") {
		t.Errorf("status exits with %d: %s", status, out)
	}
}

// TestReload changes who may register (xeps.md 0077.6), and refuses what is
// wrong.
func TestReload(t *testing.T) {
	t.Parallel()
	s := lab.Prosody(t, peer.Options{})
	c := lab.StartCentre(t, peer.Node, peer.Secret)
	r := &rig{t: t, server: s, centre: c, gateway: newGateway(t, settings{
		Server: s.Component, Centre: c.Address, Allow: "alice@localhost",
	})}
	r.gateway.start()
	r.registered(t, "alice")
	bob := r.login(t, "bob")
	refused(t, bob)

	r.gateway.configure(func(s *settings) { s.Extra, s.Allow = "htttp: {}\n", "localhost" })
	r.gateway.reload("the configuration is refused, the old one stays")
	refused(t, bob)

	r.gateway.configure(func(s *settings) { s.Extra = "" })
	r.gateway.reload("the configuration is reloaded")
	bob.Do(map[string]any{"do": "register", "to": domain})
	bob.welcomed()
}

// refused checks all doors for a user who is not allowed.
func refused(t *testing.T, u *user) {
	t.Helper()
	u.Do(map[string]any{"do": "register", "to": domain})
	if e := u.Wait("the answer", answer); e.Condition != "not-allowed" || e.Text == "" {
		t.Errorf("registration by IQ: %+v", e)
	}
	for to, body := range map[string]string{domain: "register", contact: "Hello?"} {
		u.Send(to, "no-"+body, body)
		if e := u.Wait("the error", failure("no-"+body)); e.Condition != "not-allowed" || e.Text == "" {
			t.Errorf("to %s: %+v", to, e)
		}
	}
	u.Do(map[string]any{"do": "presence", "to": contact, "type": "subscribe"})
	u.Wait("0100.31: the end of the pending contact", presence(contact, "unsubscribed"))
}

// TestStoreRefused starts the program on a store that it cannot have: it says
// why, and who has it.
func TestStoreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	if status, out := r.gateway.command("run"); status != 1 || !strings.Contains(out, "in use by process") {
		t.Errorf("a second program exits with %d: %s", status, out)
	}
	r.gateway.configure(func(s *settings) { s.Dir = filepath.Join(s.Dir, "missing") })
	if status, out := r.gateway.command("run"); status != 1 || !strings.Contains(out, "does not exist") {
		t.Errorf("without the store's directory it exits with %d: %s", status, out)
	}
}
