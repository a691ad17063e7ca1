package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/xep/chatstates"
	"causeway/component/xep/correct"
	"causeway/component/xep/markers"
	"causeway/component/xep/reactions"
	"causeway/component/xep/receipts"
	"causeway/component/xep/reply"
	"causeway/component/xep/retract"
	"causeway/mapping"
)

// types has a user's client say a chat state to somebody.
func (r *timeless) types(user, contact, state string) {
	r.g.Handle(mustParse(r.t, `<message type='chat' id='s' from='`+user+`/phone' to='`+contact+`@sms.example.org'>`+
		`<`+state+` xmlns='http://jabber.org/protocol/chatstates'/></message>`), component.Key{})
}

// shown returns what the network was shown of users so far.
func (r *timeless) shown() (all []string) {
	synctest.Wait()
	for len(r.bridge.Events()) > 0 {
		switch e := (<-r.bridge.Events()).(type) {
		case bridges.Typing:
			all = append(all, fmt.Sprint(e.Composing))
			if e.From != number || e.Chat != phone {
				r.t.Errorf("the network was told %+v", e)
			}
		case bridges.Displayed:
			all = append(all, string(e.UpTo))
			if e.From != number || e.Chat != phone {
				r.t.Errorf("the network was told %+v", e)
			}
		}
	}
	return all
}

// busy keeps the network so until it is released.
func (r *timeless) busy() (release func()) {
	c := make(chan struct{})
	r.bridge.OnSign(func(context.Context, bridges.Event) error {
		<-c
		return nil
	})
	return func() {
		r.bridge.OnSign(nil)
		close(c)
		synctest.Wait()
	}
}

var typingOut = []struct {
	name string
	do   func(r *timeless)
	want string
}{
	{"0085.5 composing and paused", func(r *timeless) {
		r.types(alice, phone, "composing")
		synctest.Wait()
		r.types(alice, phone, "paused")
	}, "true false"},
	{"0085.5 active, inactive and gone are no more than an end", func(r *timeless) {
		for _, state := range []string{"active", "inactive", "gone"} {
			r.types(alice, phone, "composing")
			synctest.Wait()
			r.types(alice, phone, state)
			synctest.Wait()
		}
	}, "true false true false true false"},
	{"0085.2 folded", func(r *timeless) {
		for range 3 {
			r.types(alice, phone, "composing")
			synctest.Wait()
		}
	}, "true"},
	{"0085.2 what changes back meanwhile is not told", func(r *timeless) {
		release := r.busy()
		r.types(alice, phone, "composing")
		synctest.Wait()
		r.types(alice, phone, "paused")
		r.types(alice, phone, "composing")
		release()
	}, "true"},
	{"no end of what never began", func(r *timeless) { r.types(alice, phone, "gone") }, ""},
	{"it ends by itself", func(r *timeless) {
		r.types(alice, phone, "composing")
		time.Sleep(composeTime + 2*time.Second)
	}, "true false"},
	{"a text ends it", func(r *timeless) {
		r.types(alice, phone, "composing")
		synctest.Wait()
		r.receive(r.t, text("1", "one"))
		time.Sleep(2 * composeTime)
		r.types(alice, phone, "composing")
	}, "true true"},
	{"a text that is not taken ends it, too", func(r *timeless) {
		r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
			return nil, &bridges.Error{Kind: bridges.Absent, Text: "Nobody is there."}
		})
		r.types(alice, phone, "composing")
		synctest.Wait()
		r.receive(r.t, text("1", "one"))
		time.Sleep(2 * time.Second)
	}, "true false"},
	{"a text while the network is told", func(r *timeless) {
		release := r.busy()
		r.types(alice, phone, "composing")
		synctest.Wait()
		r.receive(r.t, text("1", "one"))
		synctest.Wait()
		release()
	}, "true false"},
	{"a receipt ends nothing", func(r *timeless) {
		r.types(alice, phone, "composing")
		r.receive(r.t, toContact(phone, `<received xmlns='urn:xmpp:receipts' id='x'/>`))
	}, "true"},
	{"not of a stranger", func(r *timeless) { r.types("eve@example.org", phone, "composing") }, ""},
	{"not of who is not allowed", func(r *timeless) { r.types("eve@else.example", phone, "composing") }, ""},
	{"not to whom the user never had to do with", func(r *timeless) { r.types(alice, "+12025550102", "composing") }, ""},
	{"not to what is no address", func(r *timeless) { r.types(alice, "nobody", "composing") }, ""},
	{"an error of the network is not repeated", func(r *timeless) {
		r.bridge.OnSign(func(context.Context, bridges.Event) error { return errors.New("no") })
		r.types(alice, phone, "composing")
		time.Sleep(composeTime / 2)
	}, "true"},
	{"a network that does not answer is not waited for", func(r *timeless) {
		r.bridge.OnSign(func(ctx context.Context, _ bridges.Event) error {
			<-ctx.Done()
			return ctx.Err()
		})
		r.types(alice, phone, "composing")
		time.Sleep(signTime + time.Second)
		r.types(alice, phone, "paused")
	}, "true false"},
	{"a panic of the adapter", func(r *timeless) {
		r.bridge.OnSign(func(context.Context, bridges.Event) error { panic("x") })
		r.types(alice, phone, "composing")
		synctest.Wait()
		r.bridge.OnSign(nil)
		r.types(alice, phone, "composing")
	}, "true true"},
}

func TestTypingOut(t *testing.T) {
	for _, c := range typingOut {
		t.Run(c.name, func(t *testing.T) {
			typingRig(t, func(r *timeless) {
				c.do(r)
				if got := strings.Join(r.shown(), " "); got != c.want {
					t.Errorf("the network was told %q, not %q", got, c.want)
				}
				time.Sleep(2 * composeTime)
				r.g.signs.mu.Lock()
				if n, m := len(r.g.signs.of), len(r.g.signs.shares); n+m > 0 {
					t.Errorf("%d signs of %d accounts are left", n, m)
				}
				r.g.signs.mu.Unlock()
				for _, xml := range r.drain() {
					if strings.Contains(xml, "chatstates") {
						t.Errorf("a state came back: %s", xml)
					}
				}
			})
		})
	}
}

// A user for whom the network is slow has one turn, and then the next.
func TestSignsOfOneUser(t *testing.T) {
	markerRig(t, func(r *timeless) {
		for i := range 2 * signWorkers {
			id := bridges.ChatID(fmt.Sprintf("+1202555020%d", i))
			_ = r.store.Commit(context.Background(), &mapping.Batch{PutContacts: []mapping.Contact{{Bridge: domain, Account: alice, ID: id}}})
		}
		_ = r.store.Commit(context.Background(), &mapping.Batch{PutContacts: []mapping.Contact{{Bridge: domain, Account: bob, ID: phone}}})
		release := r.busy()
		for i := range 2 * signWorkers {
			r.types(alice, fmt.Sprintf("+1202555020%d", i), "composing")
		}
		r.types(bob, phone, "composing")
		synctest.Wait()
		if n := len(r.bridge.Events()); n != 2 {
			t.Errorf("%d have their turn", n)
		}
		release()
		if n := len(r.bridge.Events()); n != 2*signWorkers+1 {
			t.Errorf("%d had their turn", n)
		}
	})
}

// Nobody can have more than a share, nor all together more than the limit.
func TestSignsBounded(t *testing.T) {
	x, now := newSigns(), time.Now()
	n := 0
	for i := range signLimit/signShare + 1 {
		account := bridges.AccountID(fmt.Sprintf("u%d@example.org", i))
		for j := range signShare + 1 {
			if x.types(whose{account, fmt.Sprint(j)}, true, now) {
				n++
			}
		}
	}
	if n != signLimit || len(x.due) != signLimit || len(x.shares) != signLimit/signShare {
		t.Errorf("%d signs of %d accounts, %d are due", n, len(x.shares), len(x.due))
	}
	inBubble(t, func(r *timeless) { // a network without
		r.types(alice, phone, "composing")
		if got := r.shown(); len(got) > 0 || testutil.ToFloat64(r.g.cfg.Metrics.dropped.WithLabelValues(domain, "not journalled")) != 1 {
			t.Errorf("told %q", got)
		}
	})
}

// TestSignsAnnounced: clients tell who types only whom they find to be told
// (xeps.md 0085.6).
func TestSignsAnnounced(t *testing.T) {
	for _, info := range []bridges.Info{bridgetest.SMS(), bridgetest.Rich(), {Name: "texts alone"}} {
		d := New(Config{Domain: domain, Bridge: bridgetest.New(info), Store: newMemStore()}).disco
		for feature, can := range map[string]bridges.Can{chatstates.NS: bridges.CanTyping, markers.NS: bridges.CanDisplayed, correct.NS: bridges.CanEdits, retract.NS: bridges.CanRetractions, reactions.NS: bridges.CanReactions, reply.NS: bridges.CanReplies, receipts.NS: bridges.CanReceipts} {
			for name, e := range map[string]entity{"contact": d.anybody.contact, "resource": d.anybody.speaker} {
				if got := slices.Contains(e.Features, feature); got != info.Can.Has(can) {
					t.Errorf("%s: a %s announces %s: %t", info.Name, name, feature, got)
				}
			}
			if slices.Contains(d.domain.Features, feature) {
				t.Errorf("the gateway announces %s", feature)
			}
		}
	}
}
