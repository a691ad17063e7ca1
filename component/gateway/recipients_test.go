package gateway

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
)

// memoryEach is what may be remembered of a text for ten minutes, in octets of
// the heap: its hash in a map (see repeats).
const memoryEach = 40

// recipients writes to n contacts that nobody wrote to before, the first of
// them the from-th, and brings the receipt of each text.
func recipients(t testing.TB, g *Gateway, l *quickLink, net quickBridge, from, n int) {
	const window = 500
	for i := from; i < from+n; i += window {
		for x := range window {
			g.Handle(mustParse(t, numbered(i+x)), component.Key{Cycle: uint64(i + x + 1)})
		}
		ds := make([]bridges.Delivery, window)
		for i := range ds {
			ds[i] = bridges.Delivery{Account: alice, Event: bridges.Receipt{ID: <-net.sent, Chat: phone, State: bridges.Delivered}}
		}
		if err := g.Deliver(t.Context(), ds); err != nil {
			t.Fatal(err)
		}
		for range window {
			<-l.got
		}
		l.settle()
	}
}

// Nothing is kept of those who are idle: the heap grows by what recognises a
// repetition, and by nothing else.
func TestIdleIsForgotten(t *testing.T) {
	g, l, net := quick(t)
	first, more := 10_000, 50_000
	if raceDetector {
		first, more = 10_000, 20_000
	}
	recipients(t, g, l, net, 0, first) // caches are full
	before := bridgetest.LiveHeap()
	recipients(t, g, l, net, first, more)
	grown := bridgetest.LiveHeap() - before
	t.Logf("%d octets for each of %d recipients", grown/more, more)
	if grown > more*memoryEach+4<<20 {
		t.Errorf("the heap grew by %d octets", grown)
	}
	g.router.drain(time.Minute) // the last steps have ended
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.users) != 0 || r.unsettled != 0 || len(r.waiting) != 0 || len(g.flights.byKey) != 0 || len(g.flights.byID) != 0 || g.flights.inbound != 0 {
		t.Errorf("%d users, %d unsettled, %d waiting, %d flights, %d by id, %d inbound", len(r.users), r.unsettled, len(r.waiting),
			len(g.flights.byKey), len(g.flights.byID), g.flights.inbound)
	}
	if n := len(g.early.m) + len(g.people.m) + len(g.once.open) + len(g.commands.m); n != 0 {
		t.Errorf("%d entries are left", n)
	}
	if n := g.sent.byID.Len(); n > 16384 {
		t.Errorf("%d sent messages are remembered", n)
	}
}

// idleEach bounds what an idle registered user costs here, in octets: it is half of
// what one may cost in all (issue 6).
const idleEach = 2000

// Who is registered and does nothing costs next to nothing, once greeted.
func TestIdleUsersAreSmall(t *testing.T) {
	const users = 5000
	each := (heapOfIdle(t, users) - heapOfIdle(t, 1)) / users
	t.Logf("%d octets each", each)
	if each > idleEach {
		t.Errorf("an idle user costs %d octets", each)
	}
}

// heapOfIdle is by how much the heap grows with a gateway that has greeted so many.
func heapOfIdle(t *testing.T, users int) (grown int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		for i := range users {
			registered(s, fmt.Sprintf("user%d@example.org", i), fmt.Sprintf("+1202%07d", i))
		}
		before := bridgetest.LiveHeap()
		r := startTimeless(t, s, bridgetest.SMS())
		n, over := len(r.first), make(chan struct{})
		greeted := make(chan struct{}, 1)
		go func() {
			for ; ; n++ {
				if n == 2*users { // presence and a probe each
					greeted <- struct{}{}
				}
				select {
				case <-r.sent:
				case <-over:
					return
				}
			}
		}()
		<-greeted
		synctest.Wait()
		r.first = nil
		grown = bridgetest.LiveHeap() - before
		r.end()
		close(over)
	})
	return grown
}

// BenchmarkMillionRecipients is a million people, each written to once. It
// reports what the heap keeps of one.
func BenchmarkMillionRecipients(b *testing.B) {
	const n = 1_000_000
	g, l, net := quick(b)
	recipients(b, g, l, net, 0, 50_000)
	next := 50_000
	for b.Loop() {
		before := bridgetest.LiveHeap()
		recipients(b, g, l, net, next, n)
		next += n
		b.ReportMetric(float64(bridgetest.LiveHeap()-before)/n, "heap-B/recipient")
	}
}
