package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestCheck has everything right, and then one thing wrong at a time.
func TestCheck(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		s := lab.Servers[server](t, peer.Options{})
		c := lab.StartCentre(t, peer.Node, peer.Secret)
		nobody, err := peer.Ports(1)
		if err != nil {
			t.Fatal(err)
		}
		for name, wrong := range map[string]struct {
			change func(*settings)
			words  []string // after FAILED; none: all is well
		}{
			"nothing":      {change: func(*settings) {}},
			"the secret":   {func(s *settings) { s.Secret = "SECRET-1" }, []string{"wrong secret for " + domain + " on " + s.Component}},
			"the server":   {func(s *settings) { s.Server = peer.Local(nobody[0]) }, []string{"link to " + peer.Local(nobody[0]), "connection refused"}},
			"the centre":   {func(s *settings) { s.Centre = peer.Local(nobody[0]) }, []string{peer.Local(nobody[0]), "connection refused"}},
			"the password": {func(s *settings) { s.Password = "SECRET-2" }, []string{c.Address, "password"}},
			"the place":    {func(s *settings) { s.Dir += "/none" }, []string{"store", "no such file or directory"}},
		} {
			t.Run(name, func(t *testing.T) {
				g := newGateway(t, settings{Server: s.Component, Centre: c.Address})
				g.configure(wrong.change)
				check(t, g, wrong.words)
			})
		}
	})
}

func check(t *testing.T, g *gateway, words []string) {
	t.Helper()
	status, out := g.command("check")
	if strings.Contains(out, "SECRET-") {
		t.Errorf("it prints a secret:\n%s", out)
	}
	var failed []string
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "FAILED") {
			failed = append(failed, line)
		}
	}
	if words == nil {
		if status != 0 || len(failed) > 0 || !strings.Contains(out, "ok") {
			t.Errorf("exit status %d:\n%s", status, out)
		}
		return
	}
	if status != 1 || len(failed) != 1 {
		t.Fatalf("exit status %d:\n%s", status, out)
	}
	for _, w := range words {
		if !strings.Contains(failed[0], w) {
			t.Errorf("%q is not in %s", w, failed[0])
		}
	}
}

// TestCheckOfRunning asks the running program, and opens nothing again.
func TestCheckOfRunning(t *testing.T) {
	t.Parallel()
	r := newRig(t, "prosody", peer.Node)
	check(t, r.gateway, nil)
	if err := r.centre.Stop(); err != nil {
		t.Fatal(err)
	}
	r.gateway.awaitDown("network")
	check(t, r.gateway, []string{domain + ": sms"})
}

// TestCheckOfForeignStore: what run would refuse, check does.
func TestCheckOfForeignStore(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{Server: "127.0.0.1:1", Centre: "127.0.0.1:1"})
	if err := os.WriteFile(filepath.Join(g.set.Dir, "causeway.db"), []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out := g.command("check"); !strings.Contains(out, "FAILED  store ") || !strings.Contains(out, "not a database") {
		t.Errorf("it is not refused:\n%s", out)
	}
}

// TestWrongUse: exit status 2 and words, before anything is started.
func TestWrongUse(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{Server: "127.0.0.1:1", Centre: "127.0.0.1:1"})
	for name, c := range map[string]struct {
		extra string
		args  []string
		words string
	}{
		"unknown key":           {"htttp: {}\n", []string{"check"}, g.config + ":15: htttp: "},
		"unknown key of run":    {"htttp: {}\n", []string{"run"}, g.config + ":15: htttp: "},
		"unknown key of bridge": {"    numbrs: {}\n", []string{"check"}, g.config + ":15: bridges[0].numbrs: "},
		"not YAML":              {"\t- x\n", []string{"check"}, g.config + ":15: "},
		"unknown command":       {"", []string{"walk"}, "walk"},
		"unknown flag":          {"", []string{"check", "--fast"}, "--fast"},
		"unknown server":        {"", []string{"snippet", "sendmail"}, "sendmail"},
	} {
		t.Run(name, func(t *testing.T) {
			g.configure(func(s *settings) { s.Extra = c.extra })
			status, out := g.command(c.args...)
			if status != 2 || !strings.Contains(out, c.words) {
				t.Errorf("exit status %d, want %q in\n%s", status, c.words, out)
			}
		})
	}
	if status, out := causeway(t, "check", "--config", "/nowhere/config.yaml"); status != 2 || !strings.Contains(out, "/nowhere/config.yaml") {
		t.Errorf("no file: exit status %d: %s", status, out)
	}
	if status, out := causeway(t, "version"); status != 0 || !strings.HasPrefix(out, "causeway ") {
		t.Errorf("version: exit status %d: %s", status, out)
	}
}
