package main_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/component"
	gw "causeway/component/gateway"
	"causeway/mapping/sqlite"
)

const scriptedDomain = "matrix.localhost"

// scripted is a gateway on a real server, in the test's own process, for a
// network that does what the test says. It can be stopped, but not killed.
type scripted struct {
	t       *testing.T
	server  *lab.Server
	path    string // of the store
	gateway *gw.Gateway
	link    *component.Link
	store   *sqlite.Store
	cancel  context.CancelFunc
	ended   chan error
}

// newScripted starts a gateway for scriptedDomain, where all of localhost may
// register and carol is an administrator, and blocks until the server has taken
// it. It is stopped at the end of the test at the latest.
func newScripted(t *testing.T, server *lab.Server, bridge bridges.Bridge) *scripted {
	t.Helper()
	s := &scripted{t: t, server: server, path: filepath.Join(t.TempDir(), "causeway.db")}
	t.Cleanup(s.stop)
	s.start(bridge)
	return s
}

// start starts the gateway again after stop, on the same store. It blocks as
// newScripted does.
func (s *scripted) start(bridge bridges.Bridge) {
	s.t.Helper()
	log := slog.New(slog.NewTextHandler(s.t.Output(), nil))
	var err error
	if s.store, err = sqlite.Open(s.t.Context(), sqlite.Options{Path: s.path, Log: log}); err != nil {
		s.t.Fatal(err)
	}
	s.gateway = gw.New(gw.Config{
		Domain: scriptedDomain, Bridge: bridge, Store: s.store, Log: log, Version: "1.2.3",
		Allow: []string{peer.Domain}, Admins: []string{"carol@" + peer.Domain},
	})
	c := component.Config{Domain: scriptedDomain, Address: s.server.Component, Secret: peer.Secret, Log: log}
	s.link = component.New(c, s.gateway, s.gateway.Journal())
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.ended = cancel, make(chan error, 1)
	go func() { s.ended <- s.gateway.Run(ctx, s.link) }()
	lab.Await(s.t, "the link", func() bool {
		up, _, _ := s.link.State()
		return up
	})
}

// stop stops the gateway in order and closes its store. It may be called again.
func (s *scripted) stop() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	s.cancel = nil
	if err := <-s.ended; err != nil {
		s.t.Error(err)
	}
	if err := s.store.Close(); err != nil {
		s.t.Error(err)
	}
}

// registered logs a user of the server in and registers it.
func (s *scripted) registered(name string) *user {
	s.t.Helper()
	u := s.registers(name)
	u.Wait("the registration", func(e peer.Event) bool { return answer(e) && e.Type == "result" })
	return u
}

// registers does the same without reading the answer, which contacts that are put
// into the roster may overtake.
func (s *scripted) registers(name string) *user {
	s.t.Helper()
	u := &user{Client: lab.Slixmpp(s.t, s.server, name), t: s.t}
	u.Do(map[string]any{"do": "register", "to": scriptedDomain})
	return u
}

// deliver has an event come from the network for a user of the server.
func (s *scripted) deliver(name string, e bridges.Event) {
	s.t.Helper()
	account := bridges.AccountID(name + "@" + peer.Domain)
	if err := s.gateway.Deliver(s.t.Context(), []bridges.Delivery{{Account: account, Event: e}}); err != nil {
		s.t.Fatal(err)
	}
}

// TestScripted: one text each way, before and after a restart on the same store.
func TestScripted(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		network := func() *bridgetest.Bridge { return bridgetest.New(bridgetest.SMS(), "+12025550199") }
		bridge := network()
		s := newScripted(t, lab.Servers[server](t, peer.Options{}), bridge)
		u := s.registered("alice")
		u.add("+" + phone + "@" + scriptedDomain)
		talkScripted(s, u, bridge, "before")
		s.stop()
		bridge = network()
		s.start(bridge)
		talkScripted(s, u, bridge, "after")
	})
}

func talkScripted(s *scripted, u *user, bridge *bridgetest.Bridge, text string) {
	s.t.Helper()
	u.Send("+"+phone+"@"+scriptedDomain, text, text)
	select {
	case m := <-bridge.Sent():
		if m.Text != text || m.Chat != "+"+phone || m.From != "+12025550199" {
			s.t.Errorf("the network got %+v", m)
		}
	case <-time.After(patience):
		s.t.Fatal("no text came to the network")
	}
	s.deliver("alice", bridges.Message{Chat: "+" + phone, From: "+" + phone, Text: "answer " + text})
	u.Wait("the text", message("+"+phone+"@"+scriptedDomain, "answer "+text))
}
