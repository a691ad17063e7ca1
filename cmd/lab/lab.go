// Package lab gives tests the real programs that the gateway meets: XMPP
// servers, a client, scripts with SMS centres, a browser. What it starts ends
// with the test, and dies with the test binary. A program that is not
// installed fails the test with the line that installs it; nothing is skipped.
package lab

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"causeway/cmd/lab/peer"
)

// patience is how long a step may take on a busy machine.
const patience = 2 * time.Minute

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// process is what all running programs have.
type process interface {
	Name() string
	Stop() error
	Tail() string
}

// until stops p when the test ends, and shows its log if the test failed.
// p is asked for then, since a server may have been restarted.
func until(t testing.TB, p func() process) {
	t.Cleanup(func() {
		p := p()
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s:\n%s", p.Name(), p.Tail())
		}
	})
}

// client is a process that ends by Close.
type client interface {
	process
	Close() error
}

// closed is a client for until.
type closed struct{ client }

// Stop implements process.
func (c closed) Stop() error { return c.Close() }

// Start runs a program until the test ends, and blocks until it is ready.
func Start(t testing.TB, s peer.Spec) *peer.Process {
	t.Helper()
	if s.Log == "" {
		s.Log = filepath.Join(t.TempDir(), "log")
	}
	p, err := peer.Start(within(t), s)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() process { return p })
	return p
}

// Servers are the XMPP servers, for tests that run with each of them.
var Servers = map[string]func(testing.TB, peer.Options) *Server{"prosody": Prosody, "ejabberd": Ejabberd}

// Each runs a test side by side with every server, once with its privilege
// module (peer.Options.Unprivileged) and once without.
func Each(t *testing.T, f func(t *testing.T, server string, privileged bool)) {
	for server := range Servers {
		for name, privileged := range map[string]bool{"with privilege": true, "without privilege": false} {
			t.Run(server+" "+name, func(t *testing.T) {
				t.Parallel()
				f(t, server, privileged)
			})
		}
	}
}

// Server is a running XMPP server of a test.
type Server struct {
	*peer.Server
	t testing.TB
}

// Prosody starts a Prosody; an empty Dir becomes a temporary one.
func Prosody(t testing.TB, o peer.Options) *Server { return serve(t, o, peer.Prosody) }

// Ejabberd starts an ejabberd; an empty Dir becomes a temporary one.
func Ejabberd(t testing.TB, o peer.Options) *Server { return serve(t, o, peer.Ejabberd) }

func serve(t testing.TB, o peer.Options, start func(context.Context, peer.Options) (*peer.Server, error)) *Server {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := start(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() process { return killed{s.Process} })
	return &Server{s, t}
}

// killed is a server for until. Nobody needs what it would still write, and
// ejabberd takes a second for that.
type killed struct{ *peer.Process }

// Stop implements process.
func (k killed) Stop() error {
	k.Kill()
	return nil
}

// Restart starts a server again that was killed or stopped, on the same
// directory and ports.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.Server.Restart(within(s.t)); err != nil {
		s.t.Fatal(err)
	}
}

// Chromium returns the path of the browser.
func Chromium(t testing.TB) string {
	t.Helper()
	path, err := peer.Chromium()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Build compiles a command of this module, such as "causeway/cmd/causeway",
// and returns the file, which lives as long as the test.
func Build(t testing.TB, command string) string {
	t.Helper()
	file, err := peer.Build(within(t), t.TempDir(), command)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// Lines is a script of a test that talks in lines of JSON.
type Lines struct {
	*peer.Lines
	t testing.TB
}

// Node runs a script for Node; see peer.Script.
func Node(t testing.TB, file string, args ...string) *Lines { return script(t, peer.Node, file, args) }

func script(t testing.TB, with peer.Interpreter, file string, args []string) *Lines {
	t.Helper()
	l, err := peer.Script(within(t), t.TempDir(), with, file, args...)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() process { return l })
	return &Lines{l, t}
}

// Tell writes one line of JSON to the script.
func (l *Lines) Tell(v any) {
	l.t.Helper()
	if err := l.Lines.Tell(v); err != nil {
		l.t.Fatal(err)
	}
}

// Hear decodes the script's next line into v.
func (l *Lines) Hear(v any) {
	l.t.Helper()
	select {
	case line, open := <-l.Said():
		if !open {
			l.t.Fatalf("%s has ended\n%s", l.Name(), l.Tail())
		}
		if err := json.Unmarshal(line, v); err != nil {
			l.t.Fatalf("%s said %q: %v", l.Name(), line, err)
		}
	case <-within(l.t).Done():
		l.t.Fatalf("%s says nothing\n%s", l.Name(), l.Tail())
	}
}
