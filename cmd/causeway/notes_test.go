package main_test

import (
	"strings"
	"testing"
)

// TestNotes: check says which connections a crash ends, and nothing of those
// that it does not.
func TestNotes(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{Server: "127.0.0.1:1", Centre: "127.0.0.1:2", Extra: `
  - domain: tls.localhost
    network: sms
    secret: x
    server: {address: "127.0.0.1:3", tls: true}
    allow: [localhost]
    region: US
    numbers: {pool: ["+12025550299"]}
    connectors:
      - smpp: {address: "127.0.0.1:4", system_id: x, password: x}
      - smpp: {address: "127.0.0.1:5", system_id: x, password: x, tls: true}
`})
	status, out := g.command("check", "--local")
	if status != 0 || strings.Contains(out, "FAILED") {
		t.Errorf("exit status %d: %s", status, out)
	}
	for text, want := range map[string]bool{
		"tls.localhost: connections by TLS end with the process": true,
		"127.0.0.1:3, 127.0.0.1:5 are made anew":                 true,
		domain + ": connections by TLS":                          false,
		"run --no-keeper":                                        true,
	} {
		if strings.Contains(out, text) != want {
			t.Errorf("%q: %v, want %v in\n%s", text, !want, want, out)
		}
	}
}
