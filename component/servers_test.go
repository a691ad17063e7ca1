package component_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/component"
	"causeway/component/stanza"
)

// bridge is a link to a real server. It tells what its handler hears.
type bridge struct {
	*component.Link
	t       *testing.T
	heard   chan *stanza.Stanza
	settled chan component.Key
	ups     chan struct{}
	downs   chan error
	cycles  atomic.Uint64
}

func (b *bridge) Up(bool)        { b.ups <- struct{}{} }
func (b *bridge) Down(err error) { b.downs <- err }
func (b *bridge) Settled(keys []component.Key, done func()) {
	done()
	for _, k := range keys {
		b.settled <- k
	}
}
func (b *bridge) Handle(s *stanza.Stanza, _ component.Key) { b.heard <- s }

func (b *bridge) Append(context.Context, *component.Cycle) (uint64, error) {
	return b.cycles.Add(1), nil
}
func (b *bridge) Last(context.Context, uint64) (uint64, error) { return 0, nil }

// config is that of sms.localhost at a server.
func config(s *lab.Server) component.Config {
	return component.Config{Domain: "sms.localhost", Address: s.Component, Secret: peer.Secret, MaxStanza: 20000}
}

// connect runs a link until the test ends, and waits until it is up.
func connect(t *testing.T, c component.Config) *bridge {
	t.Helper()
	b := &bridge{t: t, heard: make(chan *stanza.Stanza, 1000), settled: make(chan component.Key, 1000), ups: make(chan struct{}, 100), downs: make(chan error, 100)}
	c.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	b.Link = component.New(c, b, b)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	take(t, "up", b.ups)
	return b
}

// take waits for a value.
func take[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(time.Minute):
		t.Fatal("no ", what)
		panic("unreachable")
	}
}

// hears waits for the stanza with this id.
func (b *bridge) hears(t *testing.T, id string) *stanza.Stanza {
	t.Helper()
	for {
		if s := take(t, "stanza "+id, b.heard); s.ID == id {
			return s
		}
	}
}

// poison is what an ordinary user sends. Each ended a component of another
// make, or would (libraries.md 1.4).
var poison = []struct{ name, xml string }{
	{"D2", "<message to='c@sms.localhost'><error xmlns='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error></message>"},
	{"D2 deep", "<message to='c@sms.localhost'><a xmlns='urn:a'><stream xmlns='http://etherx.jabber.org/streams'/></a></message>"},
	{"D2 prefix", "<message to='c@sms.localhost' xmlns:q='http://etherx.jabber.org/streams'><q:error/><q:features/></message>"},
	{"D2 presence", "<presence to='c@sms.localhost'><error xmlns='http://etherx.jabber.org/streams'/></presence>"},
	{"D3", "<message to='👍@sms.localhost'><body>hi</body></message>"},
	{"D3 presence", "<presence to='👍@sms.localhost'/>"},
	{"D3 request", "<iq to='👍@sms.localhost' type='get' id='D3'><a xmlns='urn:a'/></iq>"},
	{"D3 large", "<message to='👍@sms.localhost'><body>" + strings.Repeat("x", 30000) + "</body></message>"},
	{"D4", "<iq to='c@sms.localhost' type='result' id='D4'>text</iq>"},
	{"D4 error", "<iq to='c@sms.localhost' type='error' id='D4e'>text</iq>"},
	{"D5", "<iq to='c@sms.localhost' type='get' id='D5'/>"},
	{"D5 error", "<iq to='c@sms.localhost' type='error' id='D5e'/>"},
	{"ejabberd 3.5.1", "<message to='c@sms.localhost' xmlns:q='urn:q'><x xmlns='urn:q' q:y='2'><q:z/></x><body>hi</body></message>"},
	{"deep", "<message to='c@sms.localhost'>" + strings.Repeat("<a xmlns='urn:a'>", 150) + strings.Repeat("</a>", 150) + "</message>"},
	{"attributes", "<message to='c@sms.localhost'><a xmlns='urn:a'" + strings.Repeat(" ", 10) + manyAttributes() + "/></message>"},
	{"type", "<message to='c@sms.localhost' type='bogus'><body>hi</body></message>"},
}

func manyAttributes() string {
	var b strings.Builder
	for i := range 150 {
		fmt.Fprintf(&b, "a%d='' ", i)
	}
	return b.String()
}

// None of it has any effect on anybody else: another user's message arrives,
// and so does an answer to it, over the same stream.
func TestPoison(t *testing.T) {
	t.Parallel()
	for kind, start := range lab.Servers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, peer.Options{Bare: true})
			b := connect(t, config(s))
			alice, bob := lab.Slixmpp(t, s, "alice"), lab.Slixmpp(t, s, "bob")
			for i, p := range poison {
				t.Run(p.name, func(t *testing.T) {
					alice.Do(map[string]any{"do": "raw", "xml": p.xml})
					alice.Send("c@sms.localhost", fmt.Sprint("alice", i), "after it")
					b.hears(t, fmt.Sprint("alice", i)) // so it was read
					bob.Send("c@sms.localhost", fmt.Sprint("bob", i), "hello")
					m := b.hears(t, fmt.Sprint("bob", i))
					answer(t, b, m, fmt.Sprint("answer", i))
					bob.Wait("answer", func(e peer.Event) bool { return e.ID == fmt.Sprint("answer", i) })
					if len(b.downs) > 0 || len(b.ups) > 0 {
						t.Fatal("the stream has ended")
					}
				})
			}
		})
	}
}

func answer(t *testing.T, b *bridge, m *stanza.Stanza, id string) {
	t.Helper()
	o := &stanza.Out{Kind: stanza.Message, From: m.To, To: m.From, ID: id, Type: "chat"}
	o.Payload.Leaf("body", "", "yes")
	if err := b.Send(t.Context(), o, component.Key{Cycle: 1}); err != nil {
		t.Fatal(err)
	}
	take(t, "settlement", b.settled)
}

// greet sends a message to alice and waits until it is settled.
func (b *bridge) greet(t *testing.T, key uint64) {
	o := &stanza.Out{Kind: stanza.Message, From: "c@sms.localhost", To: "alice@localhost", Type: "chat"}
	o.Payload.Leaf("body", "", "hello")
	if err := b.Send(t.Context(), o, component.Key{Cycle: key}); err != nil {
		t.Error(err)
		return
	}
	select {
	case k := <-b.settled:
		if k.Cycle != key {
			t.Error("settled", k)
		}
	case <-time.After(time.Minute):
		t.Error("no settlement")
	}
}

// The sender of what is too large is told, with the same id (6120.4).
func TestTooLarge(t *testing.T) {
	t.Parallel()
	for kind, start := range lab.Servers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, peer.Options{Bare: true})
			connect(t, config(s))
			alice := lab.Slixmpp(t, s, "alice")
			alice.Send("c@sms.localhost", "large", strings.Repeat("x", 30000))
			e := alice.Wait("error", func(e peer.Event) bool { return e.ID == "large" })
			if e.Type != "error" || !strings.Contains(e.XML, "<policy-violation") || e.From != "c@sms.localhost" {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// What an administrator has wrong is said in words, by what the servers really
// answer (0114.7, 0114.8).
func TestRealRefusals(t *testing.T) {
	t.Parallel()
	secret := func(c *component.Config) { c.Secret = "wrong" }
	unknown := func(c *component.Config) { c.Domain = "nobody.localhost" }
	own := func(c *component.Config) { c.Domain = "localhost" }
	none := func(*component.Config) {}
	for _, c := range []struct {
		name, server string
		change       func(*component.Config)
		want         string
	}{
		{"well", "prosody", none, ""},
		{"well", "ejabberd", none, ""},
		{"0114.7 secret", "prosody", secret, "wrong secret for sms.localhost on "},
		{"0114.7 secret", "ejabberd", secret, "wrong secret for sms.localhost on "},
		{"0114.8 unknown", "prosody", unknown, "does not know this domain"},
		{"0114.8 unknown", "ejabberd", unknown, "none of its listeners has"},
		{"0114.8 a host of the server", "ejabberd", own, "the server itself does"},
	} {
		t.Run(c.name+" "+c.server, func(t *testing.T) {
			t.Parallel()
			o := peer.Options{Bare: true}
			if c.server == "ejabberd" {
				o.Components = []string{"sms.localhost", "localhost"}
			}
			s := lab.Servers[c.server](t, o)
			cfg := config(s)
			c.change(&cfg)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := component.Check(ctx, cfg)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Prosody refuses a second connection; the first one lives (0114.8, 0114.11).
func TestConflict(t *testing.T) {
	t.Parallel()
	s := lab.Prosody(t, peer.Options{Bare: true})
	b := connect(t, config(s))
	err := component.Check(t.Context(), config(s))
	if err == nil || !strings.Contains(err.Error(), "another connection serves this domain") {
		t.Error("got", err)
	}
	lab.Slixmpp(t, s, "alice").Send("c@sms.localhost", "1", "hello")
	b.hears(t, "1")
	if len(b.downs) > 0 {
		t.Error("the first connection has ended")
	}
}

// With kick_old the first one goes, and does not fight (0114.11).
func TestReplaced(t *testing.T) {
	t.Parallel()
	s := lab.Prosody(t, peer.Options{Bare: true, Extra: `component_conflict_resolve = "kick_old"`})
	b := connect(t, config(s))
	b.greet(t, 1) // Prosody 0.12 drops its stream error if it has to read meanwhile
	connect(t, config(s))
	var e *stanza.StreamError
	if err := take(t, "end of the first connection", b.downs); !errors.As(err, &e) || e.Condition != "conflict" {
		t.Error("got", err)
	}
}

// A server that goes and comes back is found again, and gets what it has not
// confirmed (0114.9).
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	for kind, start := range lab.Servers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, peer.Options{Bare: true})
			b := connect(t, config(s))
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			restarted := make(chan struct{})
			go func() {
				defer close(restarted)
				b.greet(t, 7)
			}()
			s.Restart()
			take(t, "second stream", b.ups)
			take(t, "settlement", restarted)
			lab.Slixmpp(t, s, "alice").Send("c@sms.localhost", "1", "hello")
			b.hears(t, "1")
		})
	}
}

// Direct TLS, as ejabberd offers it to components.
func TestDirectTLS(t *testing.T) {
	file, client := component.Certificate(t)
	name := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	ports, err := peer.Ports(1)
	if err != nil {
		t.Fatal(err)
	}
	s := lab.Ejabberd(t, peer.Options{Bare: true, Extra: fmt.Sprintf(`
listen:
  - port: %d
    ip: "127.0.0.1"
    module: ejabberd_service
    tls: true
    certfile: %q
    global_routes: false
    hosts:
      tls.localhost: {password: secret}
`, ports[0], name)})
	c := config(s)
	c.Domain, c.Address, c.TLS = "tls.localhost", peer.Local(ports[0]), client
	b := connect(t, c)
	alice := lab.Slixmpp(t, s, "alice")
	alice.Send("c@tls.localhost", "1", "hello")
	answer(t, b, b.hears(t, "1"), "2")
	alice.Wait("answer", func(e peer.Event) bool { return e.ID == "2" })
}
