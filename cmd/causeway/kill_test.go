package main_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
	"causeway/cmd/loadgen/centre"
)

const (
	alive         = 200 * time.Millisecond // from ready to the kill
	conversations = 40                     // of each user under load
	stuckPhone    = "12025550999"
	queueFull     = 0x14 // ESME_RMSGQFUL
	movedPerUser  = 1_000_000
	movedPerSec   = 60
)

func TestKillBesideProsody(t *testing.T)  { t.Parallel(); killed(t, "prosody", 30) }
func TestKillBesideEjabberd(t *testing.T) { t.Parallel(); killed(t, "ejabberd", 3) }

// killed kills the program by SIGKILL again and again under load both ways,
// and then accounts for every text, IQ and subscription: kill_verdict_test.go
// has the rules. The SMS centre is our own, since it keeps a ledger.
func killed(t *testing.T, server string, kills int) {
	k := newKilling(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k.begin(ctx)
	for n := range kills {
		<-time.After(alive)
		k.gateway.Kill()
		k.journal.read(t, k.gateway, n)
		if n == kills-1 {
			k.centre.SetStuck(stuckPhone, 0)
		}
		k.gateway.start()
	}
	k.finish()
	k.verdict()
}

// killing is all that takes part.
type killing struct {
	t       *testing.T
	centre  *centre.Centre
	gateway *gateway
	senders []*sender
	orders  []*orders
	journal journalled

	loads, moves, ordering sync.WaitGroup
	stop, done             chan struct{} // of the load
	still                  context.CancelFunc
}

func newKilling(t *testing.T, server string) *killing {
	s := lab.Servers[server](t, peer.Options{Users: []string{"ann", "ben", "cat", "dan"}, LogLevel: "error", Bare: true})
	c, err := centre.Listen("127.0.0.1:0", centre.Config{
		Password: peer.Secret, Track: true, Stuck: map[string]uint32{stuckPhone: queueFull},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	k := &killing{
		t: t, centre: c, journal: newJournalled(), stop: make(chan struct{}), done: make(chan struct{}),
		gateway: newGateway(t, settings{Server: s.Component, Centre: c.Address()}),
	}
	k.gateway.start()
	r := &rig{t: t, server: s, gateway: k.gateway}
	for _, name := range []string{"ann", "ben"} {
		u := r.registered(t, name)
		if err := u.Close(); err != nil {
			t.Fatal(err)
		}
		k.senders = append(k.senders, newSender(name, u.number, s.C2S))
	}
	for name, plan := range map[string]func(n int) order{"cat": registering, "dan": subscribing} {
		k.orders = append(k.orders, newOrders(t, name, s.C2S, plan))
	}
	return k
}

// begin starts the load: texts both ways, and orders.
func (k *killing) begin(ctx context.Context) {
	for _, s := range k.senders {
		k.loads.Go(func() { s.load(ctx, k.stop, k.done) })
	}
	moving, still := context.WithCancel(ctx)
	k.still = still
	for _, s := range k.senders {
		k.moves.Go(func() {
			n, err := k.centre.Move(moving, centre.Movement{
				From: centre.Numbers("1202555%04d", 100, conversations), To: []string{s.number}, Count: movedPerUser,
				Size: 60, LongEvery: 9, LongSize: 400, Window: 100, Rate: movedPerSec,
			})
			if !errors.Is(err, context.Canceled) {
				k.t.Errorf("the centre stops by itself: %v", err)
			}
			s.moved = n
		})
	}
	for _, o := range k.orders {
		k.ordering.Go(func() { o.give(k.stop) })
	}
}

// finish ends the load, waits until everything is accounted for, stops the
// gateway in order, and reads what the XMPP server still has for the clients.
func (k *killing) finish() {
	k.t.Helper()
	close(k.stop)
	k.still()
	k.moves.Wait()
	k.ordering.Wait()
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
func (k *killing) barrier(at string) {
	k.t.Helper()
	for _, o := range k.orders {
		if err := o.ping(within(k.t), at); err != nil {
			k.t.Error(err)
		}
	}
}

// await blocks until nothing is left. However long that takes, it fails only
// when nothing changes for so long as one step may take.
func (k *killing) await(left func(yield func(string) bool)) {
	k.t.Helper()
	beat := time.NewTicker(100 * time.Millisecond)
	defer beat.Stop()
	before, since := "", time.Now()
	for time.Since(since) < patience {
		if !some(left) {
			return
		}
		if now := k.progress(); now != before {
			before, since = now, time.Now()
		}
		<-beat.C
	}
	n := 0
	for what := range left {
		if n++; n <= 20 {
			k.t.Error(what)
		}
	}
	k.t.Errorf("%d such things are left, and nothing changes: %s\n%+v", n, before, k.centre.Stats())
}

// some tells whether there is any.
func some(all func(yield func(string) bool)) bool {
	for range all {
		return true
	}
	return false
}

// progress is what changes as long as anything moves.
func (k *killing) progress() string {
	s, c := k.gateway.status(), k.centre.Stats()
	text := fmt.Sprintf("%d unsettled, %d parked, %d on the link, %d texts and %d reports at the centre",
		s.Unsettled, s.Parked, k.gateway.metric("causeway_link_unsettled", ""), c.Submits, c.Receipts)
	for _, s := range k.senders {
		text += fmt.Sprintf(", %s has %d of %d texts", s.name, s.cameCount(), s.moved)
	}
	return text
}

// unsettled says what the gateway still has in hand.
func (k *killing) unsettled(yield func(string) bool) {
	if k.gateway.status().Unsettled != 0 || k.gateway.metric("causeway_link_unsettled", "") != 0 {
		yield(k.progress())
	}
}

// missing names what must still come.
func (k *killing) missing(yield func(string) bool) {
	for _, s := range k.senders {
		if n := s.cameCount(); n < s.moved && !yield(fmt.Sprintf("%s has %d of %d texts", s.name, n, s.moved)) {
			return
		}
		for _, id := range s.ids() {
			if !s.answered(id) && (k.journal.has(id) || k.arrived(s, id)) && !yield("no answer to "+id) {
				return
			}
		}
	}
	for _, o := range k.orders {
		for _, id := range o.ids() {
			if o.answers(id) == 0 && k.journal.has(id) && !yield("no answer to "+id) {
				return
			}
		}
	}
}
