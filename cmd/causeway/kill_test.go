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
		Password: peer.Secret, Stuck: map[string]uint32{stuckPhone: queueFull},
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
	late := time.NewTimer(2 * patience)
	defer late.Stop()
	beat := time.NewTicker(100 * time.Millisecond)
	defer beat.Stop()
	for waiting := true; waiting && k.missing() != ""; {
		select {
		case <-late.C:
			k.t.Errorf("at the end: %s\n%+v\n%+v", k.missing(), k.gateway.status(), k.centre.Stats())
			waiting = false
		case <-beat.C:
		}
	}
	k.barrier(domain)
	lab.Await(k.t, "the XMPP server has all", func() bool {
		return k.gateway.status().Unsettled == 0 && k.gateway.metric("causeway_link_unsettled", "") == 0
	})
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

// missing names one thing that must still come; empty when there is none.
func (k *killing) missing() string {
	for _, s := range k.senders {
		if n := s.cameCount(); n < s.moved {
			return fmt.Sprintf("%s has %d of %d texts", s.name, n, s.moved)
		}
		for _, id := range s.ids() {
			if !s.answered(id) && (k.journal.has(id) || k.arrived(s, id)) {
				return "no answer to " + id
			}
		}
	}
	for _, o := range k.orders {
		for _, id := range o.ids() {
			if o.answers(id) == 0 && k.journal.has(id) {
				return "no answer to " + id
			}
		}
	}
	return ""
}
