package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/stanza"
)

// What belongs to a receipt is on disk together with its settlement, also when
// a successor settles it before its turn and dies before that (0184.3).
func TestSettledBeforeItsTurn(t *testing.T) {
	cases := map[string]struct {
		ids      []bridges.MessageID
		events   []bridges.Event
		repeated bridges.Event // by a centre that got no answer
		state    bridges.State
	}{
		"0184.3 one part":    {[]bridges.MessageID{"p1"}, []bridges.Event{delivered("p1")}, delivered("p1"), 0},
		"0184.3 two parts":   {[]bridges.MessageID{"p1", "p2"}, []bridges.Event{delivered("p1"), delivered("p2")}, delivered("p2"), bridges.Delivered},
		"0184.4 one failed":  {[]bridges.MessageID{"p1"}, []bridges.Event{failedReceipt("p1", bridges.Absent)}, failedReceipt("p1", bridges.Absent), bridges.Failed},
		"0184.4 both failed": {[]bridges.MessageID{"p1", "p2"}, []bridges.Event{failedReceipt("p1", bridges.Absent), failedReceipt("p2", bridges.Absent)}, failedReceipt("p1", bridges.Absent), bridges.Failed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *timeless) {
				r.bridge.OnSend(parts(c.ids...))
				r.receive(t, text("a1", "long"))
				r.drain()
				r.hold = true
				r.store.lazy()
				r.give(c.events...)
				if told := messages(r.drain()); len(told) != 1 {
					t.Fatalf("the user was told %q", told)
				}
				next := r.succeeded(func(g *Gateway) { g.Settled(r.keys, func() {}) })
				next.give(c.repeated)
				if told := messages(append(next.first, next.drain()...)); len(told) > 0 {
					t.Errorf("the successor told %q", told)
				}
				next.restsAt(c.state)
				next.end()
			})
		})
	}
}

// What a repetition of the network is known by is on disk together with the
// settlement, also when a successor settles an event before its turn and dies before
// that: a network that got no answer delivers it again.
func TestShownBeforeItsTurn(t *testing.T) {
	text := func(id bridges.MessageID) bridges.Event {
		return bridges.Message{ID: id, Chat: phone, From: phone, Text: "text"}
	}
	for name, c := range map[string]struct {
		event, then bridges.Event
		sees        string // then
	}{
		"a text":                          {text("n9"), now(phone, "e1", "n9", "new"), "a correction"},
		"an edit":                         {now(phone, "e1", "n0", "new"), now(phone, "e2", "e1", "newer"), "a correction"},
		"an edit of what nobody has seen": {now(phone, "e1", "n8", "new"), text("n9"), "a text"},
		"a retraction":                    {bridges.Retraction{ID: "t1", Chat: phone, From: phone, Of: "n0"}, text("n9"), "a text"},
		"a reaction":                      {reaction(phone, "m1", "x"), reaction(phone, "m1"), "a reaction"},
	} {
		t.Run(name, func(t *testing.T) {
			markerRig(t, func(r *timeless) {
				r.correspond()
				r.hold = true
				r.store.lazy()
				r.give(c.event)
				if shown := messages(r.drain()); len(shown) != 1 {
					t.Fatalf("the user was shown %q", shown)
				}
				next := r.succeeded(func(g *Gateway) { g.Settled(r.keys, func() {}) })
				next.give(c.event)
				if shown := messages(append(next.first, next.drain()...)); len(shown) > 0 {
					t.Errorf("the successor has shown %q", shown)
				}
				next.give(c.then)
				if shown := messages(next.drain()); len(shown) != 1 || kindOf(shown[0]) != c.sees {
					t.Errorf("then the user sees %q", shown)
				}
				*r = *next
			})
		})
	}
}

// kindOf says what a message to the user is.
func kindOf(xml string) string {
	switch {
	case strings.Contains(xml, "<replace"):
		return "a correction"
	case strings.Contains(xml, "<reactions"):
		return "a reaction"
	}
	return "a text"
}

// restsAt checks that nothing but rows in a state is left.
func (r *timeless) restsAt(state bridges.State) {
	r.t.Helper()
	time.Sleep(2 * earlyTime)
	synctest.Wait()
	if records, _ := r.store.awaited(); records > 0 {
		r.t.Error("a record still awaits its report")
	}
	if n, _ := r.store.count(); n > 0 {
		r.t.Errorf("%d records are left", n)
	}
	for id, m := range r.store.state.messages {
		if m.State != state {
			r.t.Errorf("%s is in state %v, want %v", id, m.State, state)
		}
	}
}

// succeeded ends the gateway without order. Its successor dies before it begins
// anything, but for what f does; the one after that goes on.
func (r *timeless) succeeded(f func(g *Gateway)) *timeless {
	r.t.Helper()
	s := r.store.crash()
	r.g.stop()
	<-r.ended
	info := r.bridge.Info()
	g := New(Config{Domain: domain, Bridge: bridgetest.New(info), Store: s, Allow: []string{"example.org"}})
	if err := g.replay(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	f(g)
	g.end()
	return startTimeless(r.t, s, info)
}

// messages leaves presence and requests out.
func messages(stanzas []string) (all []string) {
	for _, s := range stanzas {
		if strings.HasPrefix(s, "<message") {
			all = append(all, s)
		}
	}
	return all
}

// An error for what a predecessor sent comes before the settlement, and twice:
// the text stays in the journal until its turn, whoever lives then.
func TestReturnedBeforeItsTurn(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.hold = true
		r.give(sms("back"))
		failure := mustParse(t, bounce(idOf(r.bodies()[0]), ""))
		next := r.succeeded(func(g *Gateway) {
			cycle, err := g.Journal().Append(t.Context(), &component.Cycle{Stanzas: []*stanza.Stanza{failure, failure}})
			if err != nil {
				t.Fatal(err)
			}
			g.Handle(failure, component.Key{Cycle: cycle})
			g.Handle(failure, component.Key{Cycle: cycle, Index: 1})
			g.Settled(r.keys, func() {})
		})
		if shown := messages(next.first); len(shown) > 0 {
			t.Errorf("sent again at once: %q", shown)
		}
		next.come()
		if shown := next.bodies(); len(shown) != 1 {
			t.Errorf("shown to the user who is back: %q", shown)
		}
		if n, p := next.store.count(); n+p > 0 {
			t.Errorf("%d records and %d rows are left", n, p)
		}
		next.end()
	})
}

// Receipts that came before the text was known to be sent are taken in the order
// of the journal, as a successor does: it tells the same by the same stanza,
// which the link knows (0184.3).
func TestEarlyReceiptsInOrder(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.hold = true
		r.bridge.OnSend(parts("p1", "p2", "p3"))
		r.give(delivered("p3"), delivered("p1"), delivered("p2"))
		r.store.lazy()
		r.receive(t, text("a1", "long"))
		told := messages(r.drain())
		next := r.crash(bridgetest.SMS())
		if again := messages(next.first); len(told) != 1 || len(again) != 1 || idOf(told[0]) != idOf(again[0]) {
			t.Errorf("told %q, and by the successor %q", told, again)
		}
		next.end()
	})
}

// After a hand-over nothing is told: it might follow from what did not get to the
// disk, and the successor would tell it by another stanza (0184.3).
func TestNothingToldAfterHandover(t *testing.T) {
	inBubble(t, func(r *timeless) {
		r.hold = true
		r.bridge.OnSend(parts("p1", "p2"))
		r.receive(t, text("a1", "long"))
		r.drain()
		r.g.trials.handOver()
		r.give(delivered("p1"), delivered("p2"))
		told := messages(r.drain())
		r.g.Settled(r.keys, func() {}) // what of it the server has answered for
		synctest.Wait()
		next := r.crash(bridgetest.SMS())
		if later := messages(next.first); len(told) != 0 || len(later) != 1 {
			t.Errorf("told %q, and by the successor %q", told, later)
		}
		next.end()
	})
}
