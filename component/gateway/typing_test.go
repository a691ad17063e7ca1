package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/xep/chatstates"
	"causeway/mapping"
)

const (
	typingState = `<message from='+12025550100@sms.example.org/gateway' to='alice@example.org' id='*' type='chat'>` +
		`<STATE xmlns='http://jabber.org/protocol/chatstates'/><no-store xmlns='urn:xmpp:hints'/></message>`
	stranger = "+12025550101"
)

// typingRig is a gateway in simulated time whose network shows who types, and
// where alice sees the phone.
func typingRig(t *testing.T, f func(r *timeless)) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		err := s.Commit(context.Background(), &mapping.Batch{PutContacts: []mapping.Contact{
			{Bridge: domain, Account: alice, ID: phone, Subscription: mapping.SeesContact},
			{Bridge: domain, Account: alice, ID: stranger, Subscription: mapping.SeenByUs},
		}})
		if err != nil {
			t.Fatal(err)
		}
		r := startTimeless(t, s, bridgetest.Rich())
		f(r)
		r.end()
	})
}

// hint gives a hint of a chat to the gateway.
func (r *timeless) hint(account bridges.AccountID, chat bridges.ChatID, composing bool) {
	r.g.Hint(bridges.Delivery{Account: account, Event: bridges.Typing{Chat: chat, From: bridges.UserID(chat), Composing: composing}})
}

// states returns the chat states that were sent, and fails on anything more or
// less in their stanzas.
func (r *timeless) states() (all []string) {
	r.t.Helper()
	for _, xml := range r.drain() {
		s := mustParse(r.t, xml)
		state := ""
		for e := range s.Children() {
			if _, local := e.Name(); state == "" {
				state = local
			}
		}
		if want := strings.NewReplacer("*", s.ID, "STATE", state).Replace(typingState); s.ID == "" || xml != want {
			if text, ok := s.Body(); ok {
				state = text
				if strings.Count(xml, chatstates.NS) != 1 || chatstates.Find(s) != chatstates.Active {
					r.t.Errorf("0085.3: sent %s", xml)
				}
			} else {
				r.t.Errorf("sent %s, not %s", xml, want)
			}
		}
		all = append(all, state)
	}
	return all
}

func TestTypingIn(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *timeless)
		want string
	}{
		{"0085.1 one state alone", func(r *timeless) { r.hint(alice, phone, true) }, "composing"},
		{"0085.2 folded", func(r *timeless) {
			r.hint(alice, phone, true)
			r.hint(alice, phone, true)
			r.hint(alice, phone, false)
			r.hint(alice, phone, false)
			r.hint(alice, phone, true)
		}, "composing paused composing"},
		{"0085.2 no end of what never began", func(r *timeless) { r.hint(alice, phone, false) }, ""},
		{"0085.2 silence ends it", func(r *timeless) {
			r.hint(alice, phone, true)
			time.Sleep(20 * time.Second)
			r.hint(alice, phone, true) // renewed
			time.Sleep(25 * time.Second)
			r.hint(alice, phone, true) // still the same
			time.Sleep(2 * typingTime)
		}, "composing paused"},
		{"0085.2 0085.3 a message ends it", func(r *timeless) {
			r.hint(alice, phone, true)
			synctest.Wait()
			if err := r.g.Deliver(context.Background(), []bridges.Delivery{{Account: alice, Event: sms("hello")}}); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			r.hint(alice, phone, true)
		}, "composing hello composing"},
		{"0085.4 not to who does not see the contact", func(r *timeless) { r.hint(alice, stranger, true) }, ""},
		{"0085.4 not of an unknown contact", func(r *timeless) { r.hint(alice, "+12025550102", true) }, ""},
		{"0085.4 not to a stranger", func(r *timeless) { r.hint("eve@example.org", phone, true) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			typingRig(t, func(r *timeless) {
				c.do(r)
				if got := strings.Join(r.states(), " "); got != c.want {
					t.Errorf("sent %q, not %q", got, c.want)
				}
				if records, parked := r.store.count(); records+parked > 0 { // the message is settled
					t.Error("typing is in the journal")
				}
			})
		})
	}
}

// What cannot be shown is dropped with a count, and Hint never blocks.
func TestHintsDropped(t *testing.T) {
	typingRig(t, func(r *timeless) {
		count := func(reason string) float64 {
			return testutil.ToFloat64(r.g.cfg.Metrics.dropped.WithLabelValues(domain, reason))
		}
		r.g.Hint(bridges.Delivery{Account: alice, Event: sms("too good for a hint")})
		if n := count("no hint"); n != 1 {
			t.Errorf("%v events that are no hint", n)
		}
		r.hint(alice, stranger, true)
		if synctest.Wait(); count("typing unseen") != 1 {
			t.Error("what nobody sees is not counted")
		}
		if got := r.states(); len(got) > 0 {
			t.Errorf("sent %q", slices.Compact(got))
		}
	})
	g := New(Config{Domain: domain, Bridge: bridgetest.New(bridgetest.Rich()), Store: newMemStore()})
	for range typingQueue + 5 { // nobody reads
		g.Hint(bridges.Delivery{Account: alice, Event: bridges.Typing{Chat: phone, From: phone, Composing: true}})
	}
	if n := testutil.ToFloat64(g.cfg.Metrics.dropped.WithLabelValues(domain, "too much typing")); n != 5 {
		t.Errorf("%v hints were too many", n)
	}
}

func TestTypingBounded(t *testing.T) {
	x := newTyping()
	for i := range typingLimit + 1 {
		if x.begins(chatKey{alice, bridges.ChatID(rune('0' + i))}, time.Now()) != (i < typingLimit) {
			t.Fatalf("at %d", i)
		}
	}
}
