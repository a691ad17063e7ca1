package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/component"
	"causeway/component/gateway"
	"causeway/mapping/sqlite"
)

// network is a gateway beside a Prosody, for a network of which more is heard
// than of phones: it lists contacts, says who types, and has another program.
type network struct {
	t       *testing.T
	gateway *gateway.Gateway
	bridge  *bridgetest.Bridge
	address string // of the page
}

// newNetwork starts all of it, and the page with no phone in it. It ends with
// the test.
func newNetwork(t *testing.T, privileged bool) *network {
	t.Helper()
	server := lab.Prosody(t, peer.Options{
		Users: []string{user}, Components: []string{domain}, Contacts: map[string]string{domain: "SMS gateway"}, Unprivileged: !privileged,
	})
	info := bridgetest.Rich()
	info.Name = "SMS" // as the pictures show it
	n := &network{t: t, bridge: bridgetest.New(info, number)}
	n.bridge.SetContacts(user+"@"+peer.Domain, bridges.Person{ID: handset, Name: "Bob", Groups: []string{"Friends"}})
	n.run(server.Component)
	nobody := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nobody.Close)
	w, err := serve(peer.Local(0), "../lab/node/node_modules/converse.js/dist", networks{SMS: true},
		places{xmpp: server.HTTP, phone: nobody.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	n.address = "http://" + w.address() + "/"
	return n
}

// run starts the gateway in the test's own process, and waits for its link.
func (n *network) run(server string) {
	n.t.Helper()
	log := slog.New(slog.NewTextHandler(n.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	store, err := sqlite.Open(n.t.Context(), sqlite.Options{Path: filepath.Join(n.t.TempDir(), "causeway.db"), Log: log})
	if err != nil {
		n.t.Fatal(err)
	}
	n.gateway = gateway.New(gateway.Config{Domain: domain, Bridge: n.bridge, Store: store, Log: log, Allow: []string{peer.Domain}})
	link := component.New(component.Config{Domain: domain, Address: server, Secret: peer.Secret, Log: log}, n.gateway, n.gateway.Journal())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.gateway.Run(ctx, link) }()
	n.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			n.t.Error(err)
		}
		store.Close()
	})
	lab.Await(n.t, "the link", func() bool {
		up, _, _ := link.State()
		return up
	})
}

// deliver has an event come from the network.
func (n *network) deliver(e bridges.Event) {
	n.t.Helper()
	d := []bridges.Delivery{{Account: user + "@" + peer.Domain, Event: e}}
	if err := n.gateway.Deliver(n.t.Context(), d); err != nil {
		n.t.Fatal(err)
	}
}
