package gateway

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

// outage is a scripted bridge that says whether its network is away. Then nobody says
// what a text is, and asked counts who wanted to know.
type outage struct {
	*bridgetest.Bridge
	is    *atomic.Bool
	asked *atomic.Int32
}

// State implements bridges.Reporter.
func (o outage) State() (time.Time, error) {
	if o.is.Load() {
		return time.Now(), errors.New("away")
	}
	return time.Now(), nil
}

func (o outage) recall(of bridges.MessageID) (bridges.Message, error) {
	o.asked.Add(1)
	if o.is.Load() {
		return bridges.Message{}, later
	}
	return leftOf(of)
}

// outageRig runs f with a gateway whose network goes away when an edit of n0 is shown.
func outageRig(t *testing.T, f func(r *timeless, away *atomic.Bool, asked *atomic.Int32)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		var away atomic.Bool
		var asked atomic.Int32
		r := startTimeless(t, s, bridgetest.Rich(), func(c *Config) {
			o := outage{c.Bridge.(*bridgetest.Bridge), &away, &asked}
			o.OnRecall(o.recall)
			c.Bridge = o
		})
		r.correspond()
		r.give(now(phone, "e1", "n0", "new"))
		r.drain()
		away.Store(true)
		f(r, &away, &asked)
		r.end()
	})
}

var behindIt = bridges.Message{ID: "n9", Chat: phone, From: phone, Text: "behind"}

// inOrder wants what is left, in the place of the text, and then what came behind.
func (r *timeless) inOrder(t *testing.T, got []string) {
	t.Helper()
	if all := strings.Join(got, ", "); all != "left of n0 for "+r.stanzaOf("n0")+", behind" {
		t.Errorf("alice sees %q", all)
	}
}

// TestRecallsWhenThere: while the network is away an edit that was taken back waits in
// its conversation, and nothing else does; it is asked for again when the network is
// there, at once.
func TestRecallsWhenThere(t *testing.T) {
	outageRig(t, func(r *timeless, away *atomic.Bool, asked *atomic.Int32) {
		before := r.dropped("retraction of an edit")
		r.give(back(phone, "r1", "e1"), behindIt)
		r.give(bridges.Message{ID: "o1", Chat: stranger, From: stranger, Text: "of another chat"})
		r.receive(t, text("a3", "to the network"))
		if got := bodies(r.drain()); !slices.Equal(got, []string{"of another chat"}) || len(r.texts()) == 0 {
			t.Errorf("alice sees %q", got)
		}
		time.Sleep(50 * time.Minute)
		synctest.Wait()
		if n := asked.Load(); n < 2 || n > 60 || r.dropped("retraction of an edit") != before {
			t.Errorf("the network was asked %d times in 50 minutes", n)
		}
		away.Store(false)
		r.bridge.Host().Ready()
		r.inOrder(t, r.replaced())
		if len(r.g.router.waiting) > 0 {
			t.Error("somebody waits still")
		}
	})
}

// TestRecallsByASuccessor: who is stopped or dies while it waits leaves it in the
// journal.
func TestRecallsByASuccessor(t *testing.T) {
	for name, stop := range map[string]func(r *timeless){
		"in order": func(r *timeless) { r.end() },
		"a death":  func(r *timeless) { r.g.stop(); <-r.ended },
	} {
		t.Run(name, func(t *testing.T) {
			outageRig(t, func(r *timeless, away *atomic.Bool, _ *atomic.Int32) {
				r.give(back(phone, "r1", "e1"), behindIt)
				time.Sleep(10 * time.Minute)
				stop(r)
				if records, _ := r.store.count(); records < 2 {
					t.Fatalf("%d records are left", records)
				}
				away.Store(false)
				next := startTimeless(t, r.store.crash(), bridgetest.Rich(), r.opts...)
				time.Sleep(time.Minute)
				var got []string
				for _, x := range append(next.first, next.drain()...) {
					if b := bodies([]string{x}); len(b) > 0 {
						got = append(got, b...)
					}
				}
				if !slices.Equal(got[max(0, len(got)-2):], []string{"left of n0", "behind"}) {
					t.Errorf("alice sees %q", got)
				}
				*r = *next
			})
		})
	}
}

// TestRecallsUntil: it waits no longer than texts do, and not at all for a network that
// says that there is nothing.
func TestRecallsUntil(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		there bool
		after time.Duration
	}{
		"the limit for texts":               {later, false, 61 * time.Minute},
		"some minutes when it is there":     {later, true, 6 * time.Minute},
		"not when there is no such text":    {&bridges.Error{Kind: bridges.NotFound}, false, 0},
		"not when it does not know of that": {&bridges.Error{Kind: bridges.Unsupported}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			outageRig(t, func(r *timeless, away *atomic.Bool, _ *atomic.Int32) {
				before := r.dropped("retraction of an edit")
				away.Store(!c.there)
				r.bridge.OnRecall(func(bridges.MessageID) (bridges.Message, error) { return bridges.Message{}, c.err })
				r.give(back(phone, "r1", "e1"), behindIt)
				if c.after > 0 && len(r.drain()) > 0 {
					t.Error("nobody waits")
				}
				time.Sleep(c.after)
				if got := bodies(r.drain()); !slices.Equal(got, []string{"behind"}) || r.dropped("retraction of an edit") != before+1 {
					t.Errorf("alice sees %q", got)
				}
			})
		})
	}
}

// TestRecallsWhileOff: who turns the gateway off and on while it waits finds it as it was.
func TestRecallsWhileOff(t *testing.T) {
	outageRig(t, func(r *timeless, away *atomic.Bool, _ *atomic.Int32) {
		r.give(back(phone, "r1", "e1"), behindIt)
		r.g.keepEvents()
		if n := len(r.g.router.waiting) + len(r.g.router.users); n > 0 {
			t.Errorf("%d are left", n)
		}
		away.Store(false)
		r.g.releaseEvents()
		r.inOrder(t, r.replaced())
	})
}
