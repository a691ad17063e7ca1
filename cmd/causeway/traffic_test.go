package main_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/lab/proxy"
	"causeway/cmd/loadgen/centre"
	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/wire"
)

const (
	conversations = 40 // of each user under load
	stuckPhone    = "12025550999"
	queueFull     = 0x14 // ESME_RMSGQFUL
	movedPerUser  = 1_000_000
	movedPerSec   = 60
)

// traffic is load both ways through a gateway, with all that takes part. A test
// begins it, does its mischief, finishes it, and asks for the verdict:
// account_test.go has the rules. The SMS centre is our own, since it keeps a
// ledger.
type traffic struct {
	t       *testing.T
	setup   setup
	server  *lab.Server
	centre  *centre.Centre
	real    *realCentre  // nil without setup.real
	link    *proxy.Proxy // to the XMPP server; nil without setup.link
	bind    *proxy.Proxy // to the centre; nil without setup.bind
	wire    *witness     // of the link; nil without setup.link
	gateway *gateway
	senders []*sender
	orders  []*orders
	journal journalled

	loads, moves, ordering sync.WaitGroup
	stop, done             chan struct{} // of the load
	still                  context.CancelFunc
}

// setup says what is beside the gateway.
type setup struct {
	server string // of lab.Servers
	// stuck is what texts to stuckPhone are answered with; 0: there are none.
	stuck uint32
	// orders: two more users register and leave, subscribe and ask.
	orders bool
	// link and bind: there is a proxy on the way to the XMPP server, or to the
	// SMS centre.
	link, bind bool
	// whole: nothing can get lost, so every text is answered in the end.
	whole bool
	// rate is texts and orders a second of each user, both ways; 0: what a kill
	// wants.
	rate float64
	// cut: the proxies cut what passes into pieces of so many bytes at most, and
	// leave the kernel small buffers. 0: they do not.
	cut int
	// program and env are those of the gateway; empty: the usual ones.
	program string
	env     []string
	// xmpp is appended to the configuration of the XMPP server.
	xmpp string
	// real is an SMS centre that nobody here wrote; empty: ours.
	real peer.Interpreter
}

// newTraffic starts all that takes part; nothing moves until begin.
func newTraffic(t *testing.T, u setup) *traffic {
	c, err := centre.Listen("127.0.0.1:0", centre.Config{
		Password: peer.Secret, Track: true, Stuck: map[string]uint32{stuckPhone: u.stuck},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := lab.Servers[u.server](t, peer.Options{
		Users: []string{"ann", "ben", "cat", "dan", "eve"}, Bare: true, Extra: u.xmpp,
	})
	k := &traffic{
		t: t, setup: u, server: s, centre: c, journal: newJournalled(), stop: make(chan struct{}), done: make(chan struct{}),
	}
	t.Cleanup(k.keep) // when the gateway is stopped
	address := c.Address()
	if u.real != "" {
		k.real = newRealCentre(t, u.real, c)
		address = k.real.Address
	}
	k.gateway = newGateway(t, k.proxied(settings{Server: s.Component, Centre: address, Program: u.program, Env: u.env}))
	t.Cleanup(k.dump) // before it is stopped
	k.gateway.start()
	k.enlist()
	return k
}

// proxied puts the proxies in between.
func (k *traffic) proxied(s settings) settings {
	k.t.Helper()
	if k.setup.link {
		k.wire = newWitness()
		k.link = between(k.t, &s.Server, k.wire.see)
	}
	if k.setup.bind {
		k.bind = between(k.t, &s.Centre, nil)
	}
	for _, p := range []*proxy.Proxy{k.link, k.bind} {
		if k.setup.cut == 0 || p == nil {
			continue
		}
		p.Split(k.setup.cut)
		if err := p.Segments(536); err != nil {
			k.t.Fatal(err)
		}
	}
	return s
}

// keep copies what a failure has left behind to where `go test -artifacts`
// keeps it.
func (k *traffic) keep() {
	if !k.t.Failed() || k.gateway == nil {
		return
	}
	files, _ := filepath.Glob(filepath.Join(k.gateway.set.Dir, "*")) // the pattern is right
	for _, file := range append(files, filepath.Join(k.server.Dir, k.server.Kind+".log")) {
		if i, err := os.Stat(file); err == nil && !i.Mode().IsRegular() {
			continue
		}
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(k.t.ArtifactDir(), filepath.Base(file)), text, 0o600)
		}
		if err != nil {
			k.t.Logf("not kept: %v", err)
		}
	}
}

// dump has the worker of a test that has failed write to its log what all its
// goroutines do.
func (k *traffic) dump() {
	if !k.t.Failed() || k.gateway.Process == nil {
		return
	}
	for _, pid := range workers(k.gateway.Process) {
		if syscall.Kill(pid, syscall.SIGQUIT) != nil {
			continue
		}
		beat := time.NewTicker(20 * time.Millisecond)
		for late := time.After(10 * time.Second); peer.Parent(pid) != 0; {
			select {
			case <-beat.C:
				continue
			case <-late:
			}
			break
		}
		beat.Stop()
	}
}

// between replaces an address by that of a proxy for it.
func between(t *testing.T, address *string, tap proxy.Tap) *proxy.Proxy {
	t.Helper()
	p, err := proxy.Listen(*address, tap)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	*address = p.Address()
	return p
}

// enlist registers the users.
func (k *traffic) enlist() {
	k.t.Helper()
	if k.setup.orders { // subscribing is for those who are registered
		k.register("dan")
	}
	for _, name := range []string{"ann", "ben"} {
		s := newSender(name, k.register(name), k.server.C2S, k.setup.stuck != 0)
		s.config.Rate = cmp.Or(k.setup.rate, s.config.Rate)
		if k.setup.whole { // every answer comes: so no more is under way than the window holds
			s.config.Patience = patience
		}
		k.senders = append(k.senders, s)
	}
	if k.setup.orders {
		for name, plan := range map[string]func(n int) order{"cat": registering, "dan": subscribing} {
			k.orders = append(k.orders, newOrders(k.t, name, k.server.C2S, time.Second/time.Duration(cmp.Or(k.setup.rate, 50)), plan))
		}
	}
}

// register registers a user and returns its number, as a centre writes it.
func (k *traffic) register(name string) string {
	k.t.Helper()
	cl, err := client.Dial(within(k.t), client.Config{
		Address: k.server.C2S, Domain: peer.Domain, User: name, Password: peer.Secret, Resource: "register",
	})
	if err != nil {
		k.t.Fatal(err)
	}
	defer cl.Close()
	cl.Deadline(time.Now().Add(patience))
	err = cl.Send("<presence/><iq type='set' to='%s' id='r'><query xmlns='jabber:iq:register'/></iq>", domain)
	number, consented := "", false
	for err == nil && (number == "" || !consented) {
		var raw []byte
		var h wire.Head
		if raw, h, err = cl.Read(); err != nil || cl.Courtesy(raw, h) {
			continue
		}
		if body, _ := wire.Text(raw, "body"); string(h.From) == domain && e164.MatchString(body) {
			number = e164.FindStringSubmatch(body)[1]
		}
		// The gateway is told of presence, and so tells its own.
		consented = consented || string(h.Name) == "presence" && string(h.From) == domain && string(h.Type) == ""
	}
	if err != nil {
		k.t.Fatal("registration of ", name, ": ", err)
	}
	return number
}

// logins counts for each user how often he has logged in.
func (k *traffic) logins() (all []int) {
	for _, s := range k.senders {
		s.mu.Lock()
		all = append(all, s.logins)
		s.mu.Unlock()
	}
	return all
}

// loggedIn waits until all users have logged in since.
func (k *traffic) loggedIn(since []int) {
	k.t.Helper()
	lab.Await(k.t, "the users are logged in", func() bool {
		return !slices.ContainsFunc(k.senders, func(s *sender) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.logins <= since[slices.Index(k.senders, s)]
		})
	})
}

// begin starts the load: texts both ways, and orders.
func (k *traffic) begin() {
	ctx := k.t.Context()
	before := k.logins()
	for _, s := range k.senders {
		k.loads.Go(func() { s.load(ctx, k.stop, k.done) })
	}
	// What comes for a user who is away waits for his return: no matter here.
	k.loggedIn(before)
	moving, still := context.WithCancel(ctx)
	k.still = still
	for _, s := range k.senders {
		k.moves.Go(func() { k.move(moving, s) })
	}
	for _, o := range k.orders {
		k.ordering.Go(func() { o.give(k.stop) })
	}
}

// move sends texts from phones to a user until ctx ends.
func (k *traffic) move(ctx context.Context, s *sender) {
	n, err := k.centre.Move(ctx, centre.Movement{
		From: centre.Numbers("1202555%04d", 100, conversations), To: []string{s.number}, Count: movedPerUser,
		Size: 60, LongEvery: 9, LongSize: 400, Window: 100, Rate: cmp.Or(k.setup.rate, movedPerSec),
	})
	if !errors.Is(err, context.Canceled) {
		k.t.Errorf("the centre stops by itself: %v", err)
	}
	s.moved = n
}

// finish ends the load, waits until everything is accounted for, stops the
// gateway in order, and reads what the XMPP server still has for the clients.
func (k *traffic) finish() {
	k.t.Helper()
	close(k.stop)
	k.still()
	k.moves.Wait()
	k.ordering.Wait()
	if len(k.orders) == 0 { // somebody must ask
		k.orders = append(k.orders, newOrders(k.t, "cat", k.server.C2S, 0, nil))
	}
	k.await(k.missing)
	k.barrier(domain)
	k.await(k.unsettled)
	k.barrier(peer.Domain) // the clients have answered what the gateway asked,
	k.barrier(domain)      // and the gateway has got that
	k.gateway.stop()
	close(k.done)
	k.loads.Wait()
	k.barrier(peer.Domain)
	for _, s := range k.senders {
		if s.err != nil {
			k.t.Errorf("load of %s: %v", s.name, s.err)
		}
	}
}

// barrier has the gateway, or the server, answer each user after all that the
// user had asked for before.
func (k *traffic) barrier(at string) {
	k.t.Helper()
	for _, o := range k.orders {
		if err := o.ping(within(k.t), at); err != nil {
			k.t.Error(err)
		}
	}
}
