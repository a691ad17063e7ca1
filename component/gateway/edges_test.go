package gateway

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

func TestRegistrationWithoutSubscription(t *testing.T) {
	r := start(t, newMemStore(), bridgetest.SMS())
	r.Send(fromBob("set", "r", registerQuery))
	r.Receive(toBob("result", "r", ""))
	give := func(text string) {
		m := sms(text)
		if err := r.bridge.Host().Deliver(t.Context(), []bridges.Delivery{{Account: bob, Event: m}}); err != nil {
			t.Fatal(err)
		}
	}
	r.welcomed(bob)
	t.Run("0100.6 what comes before the handshake is shown", func(t *testing.T) {
		give("early")
		r.Receive(`<message type='chat' from='` + phoneJID + `/gateway' to='bob@example.org'><body>early</body></message>`)
	})
	t.Run("0100.10 works when the user approves nothing", func(t *testing.T) {
		r.Send(`<presence type='unsubscribed' from='bob@example.org' to='sms.example.org'/>`)
		r.say(bob, "status")
		if got := r.answer(bob); !strings.Contains(got, number) {
			t.Errorf("status is %q", got)
		}
		r.Send(strings.ReplaceAll(text("b", "still"), alice, bob))
		r.wantOnPhone("still")
	})
}

func TestEditOpensTheSessionAnew(t *testing.T) {
	r := start(t, newMemStore(), withPassword())
	set := fromBob("set", "r", `<query xmlns='jabber:iq:register'><username>bob</username><password>right</password></query>`)
	r.Send(set)
	r.Receive(toBob("result", "r", ""))
	r.welcomed(bob)
	r.Send(strings.ReplaceAll(text("b", "open"), alice, bob))
	r.wantOnPhone("open")
	r.Send(set) // 0100.13
	r.Receive(toBob("result", "r", ""))
	r.welcomed(bob)
	if n := r.bridge.OpenSessions(bob); n != 0 {
		t.Errorf("0100.13: %d sessions are open", n)
	}
	r.Send(fromBob("set", "c", `<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='cancel'/></query>`))
	r.Receive(toBob("result", "c", "")) // 0004.7: without effect
}

func TestAddByChat(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ say, want string }{
		{"add +12025550100", "Write to " + phoneJID},
		{"12025550100", "Write to " + phoneJID},
		{"Add nobody", "Write a number"},
		{"add", "Address?"},
		{"cancel", "Nothing was changed"},
		{"nobody", "do not understand"},
	} {
		r.say(alice, c.say)
		if got := r.answer(alice); !strings.Contains(got, c.want) {
			t.Errorf("0050.10: %q was answered by %q", c.say, got)
		}
		if c.say == "add +12025550100" {
			r.Receive(asksBack) // once
		}
	}
	if s, _ := r.subscription(phone); s != unanswered {
		t.Errorf("subscription %b", s)
	}
	r.say(bob, "add +12025550100")
	if got := r.answer(bob); !strings.Contains(got, "not registered") {
		t.Errorf("bob was answered by %q", got)
	}
}

func TestCapsAreShared(t *testing.T) {
	r := newRig(t)
	var vers []string
	for _, jid := range []string{phoneJID, "+12025550101@sms.example.org"} {
		r.Send(presence("subscribe", alice, jid))
		r.Receive(`<presence type='subscribed' from='` + jid + `' to='alice@example.org'/>`)
		n := r.Receive(`<presence from='` + jid + `/gateway' to='alice@example.org'>` + anyCaps + `</presence>`) // 0115.1
		r.Receive(`<presence type='subscribe' from='` + jid + `' to='alice@example.org'><any/></presence>`)
		vers = append(vers, n.Children[0].Attr["ver"])
	}
	if vers[0] != vers[1] {
		t.Errorf("0115.4, 0115.6: %q", vers)
	}
}

func TestPresenceOfResources(t *testing.T) {
	p := newPeople()
	steps := []struct {
		what                         string
		come, gateway, fresh, isLast bool
		resource                     string
	}{
		{"to a contact first", true, false, false, false, "a"},
		{"0100.20 then to the gateway", true, true, true, false, "a"},
		{"again", true, true, false, false, "a"},
		{"another, to a contact only", true, false, false, false, "b"},
		{"0100.26 leaves a contact", false, false, false, false, "a"},
		{"which the gateway never saw", false, false, false, false, "b"},
		{"0100.24 the last one", false, true, false, true, "a"},
		{"is not there", false, true, false, false, "a"},
	}
	for _, s := range steps {
		if s.come {
			if n := p.came(alice, s.resource, 0, s.gateway, time.Now()); n.fresh != s.fresh {
				t.Errorf("%s: fresh %v", s.what, n.fresh)
			}
		} else if last := p.left(alice, s.resource, s.gateway); last != s.isLast {
			t.Errorf("%s: last %v", s.what, last)
		}
	}
	if len(p.m) != 0 {
		t.Errorf("%d people are remembered", len(p.m))
	}
}

func receiptBounces(r *timeless) {
	r.hold = true
	r.bridge.OnSend(parts("p"))
	r.receive(r.t, text("a1", "x"))
	r.give(bridges.Receipt{ID: "p", Chat: phone, State: bridges.Delivered})
	first := r.drain()[0]
	r.receive(r.t, bounce(idOf(first), ""))
	r.settle()
	r.come()
	if got := strings.Join(r.drain(), ""); !strings.Contains(got, "<received") {
		r.t.Errorf("the receipt is lost: %q", got)
	}
}

func shownToWhoWrites(r *timeless) {
	r.hold = true
	r.give(sms("hello"))
	r.receive(r.t, bounce(idOf(r.bodies()[0]), ""))
	synctest.Wait()
	r.receive(r.t, text("w", "I am here"))
	if got := r.bodies(); len(got) != 1 {
		r.t.Errorf("shown %q", got)
	}
	if len(r.g.people.m) != 0 {
		r.t.Error("the user is remembered")
	}
}

func expiresUnseen(r *timeless) {
	r.hold = true
	r.give(sms("hello"))
	r.receive(r.t, bounce(idOf(r.bodies()[0]), ""))
	synctest.Wait()
	r.ages(bounceTime)
	if n, p := r.store.count(); n != 0 || p != 0 || r.g.people.waiting.Load() != 0 {
		r.t.Errorf("%d records, %d rows, %d waiting", n, p, r.g.people.waiting.Load())
	}
}

func TestBouncedToo(t *testing.T) {
	for name, f := range map[string]func(r *timeless){
		"0184.1 receipts":        receiptBounces,
		"shown to who writes":    shownToWhoWrites,
		"expires without return": expiresUnseen,
	} {
		t.Run(name, func(t *testing.T) { inBubble(t, f) })
	}
}

// slowBridge counts the sessions that are open at once.
type slowBridge struct {
	mu        sync.Mutex
	now, most int
	gate      chan struct{}
}

func (*slowBridge) Info() bridges.Info { return bridges.Info{} }

func (b *slowBridge) Open(context.Context, bridges.Account) (bridges.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now++
	b.most = max(b.most, b.now)
	return b, nil
}

func (*slowBridge) Send(context.Context, bridges.Message) ([]bridges.MessageID, error) {
	return nil, nil
}

func (b *slowBridge) Close() error {
	<-b.gate
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now--
	return nil
}

func TestSessionsAreNotOpenTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &slowBridge{gate: make(chan struct{})}
		ss := newSessions(b, newAccounts(newMemStore(), domain), (&Gateway{}).account)
		acc := mapping.Account{ID: alice}
		open := func() {
			_, release, err := ss.use(context.Background(), acc)
			if err != nil {
				t.Error(err)
				return
			}
			release()
		}
		open()
		go func() { _ = ss.close(alice) }()
		synctest.Wait()
		go open() // while it closes
		synctest.Wait()
		close(b.gate)
		synctest.Wait()
		ss.closeIdle(time.Now().Add(2 * idleSession))
		ss.closeAll()
		if b.most != 1 || b.now != 0 || len(ss.open) != 0 {
			t.Errorf("%d at once, %d left", b.most, b.now)
		}
	})
}

// lateStore changes the account while it is being read.
type lateStore struct {
	*memStore
	change func()
}

func (s lateStore) Account(ctx context.Context, bridge string, id bridges.AccountID) (mapping.Account, bool, error) {
	a, ok, err := s.memStore.Account(ctx, bridge, id)
	s.change()
	return a, ok, err
}

func TestAccountReadDuringAChange(t *testing.T) {
	s := newMemStore()
	var as *accounts
	as = newAccounts(lateStore{s, func() {
		registered(s, alice, number)
		as.forget(alice, number)
	}}, domain)
	if _, ok, _ := as.find(t.Context(), alice); ok {
		t.Error("registered too early")
	}
	if _, ok, _ := as.find(t.Context(), alice); !ok {
		t.Error("the old state is kept")
	}
}

func TestFailedDeliveryMayComeAgain(t *testing.T) {
	o := newOnceBook()
	now := time.Now()
	o.add("f", 1, now)
	m, ok := o.repeats("f", 2, now)
	if !ok {
		t.Fatal("no repetition")
	}
	o.restore([]moved{m}) // the commit failed
	if _, ok := o.repeats("f", 2, now); !ok {
		t.Error("over the same stream it counts as new")
	}
}
