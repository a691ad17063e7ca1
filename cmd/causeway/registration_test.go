package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"causeway/cmd/lab/peer"
)

// The registration is written once, for its owner's eyes.
func TestRegistrationFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "registration.yaml")
	g := newGateway(t, settings{Server: peer.Local(1), Centre: peer.Local(1), Extra: strings.NewReplacer("FILE", file, "SECRET", peer.Secret).Replace(`
  - domain: matrix.localhost
    network: matrix
    secret: SECRET
    allow: [localhost]
    homeserver: {url: "http://127.0.0.1:1", name: localhost}
    appservice: {registration: "FILE"}
`)})
	for _, c := range []struct {
		domain string
		status int
		words  string
	}{
		{"nowhere.localhost", 2, "nowhere.localhost"},
		{domain, 2, domain}, // SMS
		{"matrix.localhost", 0, file},
		{"matrix.localhost", 1, "there already"},
		{"matrix", 1, "there already"}, // the only one
	} {
		if status, out := g.command("registration", c.domain); status != c.status || !strings.Contains(out, c.words) {
			t.Errorf("%s: status %d, %s", c.domain, status, out)
		}
	}
	g.configure(func(s *settings) { s.Extra += strings.ReplaceAll(s.Extra, "matrix.localhost", "second.localhost") })
	if status, out := g.command("registration", "matrix"); status != 2 || !strings.Contains(out, "2 bridges") {
		t.Errorf("two bridges: status %d, %s", status, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"id: matrix.localhost", "url: http://127.0.0.1:9471", "rate_limited: false", "receive_ephemeral: true", "@_xmpp_.*:localhost"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("%q is not in the file", line)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
