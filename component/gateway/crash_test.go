package gateway

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/stanza"
)

// theater is a gateway whose machine dies at one commit of a short play and
// that then starts again. It remembers what the server was given.
type theater struct {
	*life
	seen map[string]string // stanza by its id
	// copied are the messages on behalf of a user that the server has sent back.
	copied []string
	mark   string   // id of a text that is read
	kept   []string // texts of the network that it need not deliver again
}

// plays are what happens in the gateway, and what must be so in the end,
// wherever the machine died.
var plays = map[string]struct {
	play func(r *theater)
	end  func(r *theater)
	rich bool // the network can do more than SMS, and knows a text again
}{
	"registration":   {playRegister, endRegister, false},
	"unregistration": {playUnregister, endUnregister, false},
	"text out":       {playText, endText, false},
	"text out, rich": {playText, endText, true},
	"receipt":        {playReceipt, endReceipt, false},
	"text in":        {playIn, endIn, false},
	"bounce":         {playBounce, endBounce, false},
	"missed":         {playMissed, endMissed, false},
	"wait and retry": {playRetry, endText, false},
	"subscription":   {playSubscribe, endSubscribe, false},
	"settings":       {playSettings, endSettings, false},
	"off and on":     {playSwitch, endSwitch, false},
	"list":           {playList, endList, false},
	"marker out":     {playMarkOut, endMarkOut, true},
	"marker in":      {playMarkIn, endMarkIn, true},
	"edit out":       {playEditOut, endEditOut, true},
	"edit in":        {playEditIn, endEditIn, true},
	"retraction out": {playBackOut, endBackOut, true},
	"parts out":      {playPartsOut, endPartsOut, true},
	"retraction in":  {playBackIn, endBackIn, true},
	"edit back in":   {playRecallIn, endRecallIn, true},
	"reaction out":   {playReactOut, endReactOut, true},
	"reaction in":    {playReactIn, endReactIn, true},
}

func TestCrashAtEveryCommit(t *testing.T) {
	for name, p := range plays {
		info := bridgetest.SMS()
		if p.rich {
			info = bridgetest.Rich()
			info.Unknown = bridges.Idempotent
		}
		t.Run(name, func(t *testing.T) {
			for n, died := 1, true; died; n++ {
				for _, before := range []bool{true, false} {
					synctest.Test(t, func(t *testing.T) { died = act(t, n, before, info, p.play, p.end) })
				}
			}
		})
	}
}

// act plays a play whose machine dies at commit n, and tells whether it did.
func act(t *testing.T, n int, before bool, info bridges.Info, play, end func(r *theater)) bool {
	s := newMemStore()
	registered(s, alice, number)
	s.lazy()
	s.clean, s.dieAt, s.dieBefore = false, n+s.commits, before
	w := &world{t: t, info: info}
	r := &theater{life: stage(w, s), seen: map[string]string{}}
	play(r)
	synctest.Wait()
	died := r.dead()
	r.mu.Lock()
	r.pending = nil // the server has nothing of what was not settled
	r.mu.Unlock()
	disk := r.kill()
	r.life = stage(w, disk)
	r.life.g.Ready()
	r.Handle(available(alice+"/x", domain))
	for range 5 {
		time.Sleep(time.Minute)
		synctest.Wait()
		r.watch()
	}
	end(r)
	if n, p := r.store.count(); n != 0 || p != 0 {
		t.Errorf("%d records and %d rows are left", n, p)
	}
	r.cancel()
	<-r.ended
	if t.Failed() {
		t.Fatalf("commit %d, dead before it: %v; seen %q", n, before, slices.Collect(maps.Values(r.seen)))
	}
	return died
}

func stage(w *world, s *memStore) *life {
	l := &life{w: w, store: s, bridge: bridgetest.New(w.info, number, "+12025550198"), ended: make(chan struct{})}
	l.bridge.OnRecall(leftOf)
	l.g = New(Config{Domain: domain, Bridge: l.bridge, Store: s, Allow: []string{"example.org"}, Admins: []string{boss}, Hold: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go func() {
		defer close(l.ended)
		_ = l.g.Run(ctx, l)
	}()
	synctest.Wait()
	return l
}

// Handle plays a stanza that is not journalled.
func (r *theater) Handle(xml string) {
	r.g.Handle(mustParse(r.w.t, xml), component.Key{})
	synctest.Wait()
}

// watch has the server take what was written.
func (r *theater) watch() {
	r.mu.Lock()
	taken := r.pending
	r.pending = nil
	r.mu.Unlock()
	var keys []component.Key
	for _, x := range taken {
		keys = append(keys, x.key)
		xml := string(x.out.Append(nil))
		r.seen[x.out.ID] = xml
	}
	r.g.Settled(keys, func() {})
	synctest.Wait()
}

// saw counts the stanzas that the server was given with all of some words.
func (r *theater) saw(words ...string) (n int) {
	for _, xml := range r.seen {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(xml, w) }) {
			n++
		}
	}
	return n
}

// give delivers what the network has to deliver; again after a death, as a
// network does that got no answer.
func (r *theater) give(e bridges.Event) {
	_ = r.g.Deliver(r.store.machine, []bridges.Delivery{{Account: alice, Event: e}})
	synctest.Wait()
}

func playRegister(r *theater) {
	r.receive(`<iq type='set' id='q' from='bob@example.org/x' to='`+domain+`'><query xmlns='jabber:iq:register'/></iq>`, true)
}

func endRegister(r *theater) {
	_, ok, _ := r.store.Account(context.Background(), domain, bob)
	accepted := r.saw("type='result'") + r.saw("type='error'")
	if ok != (r.saw("Your number is") == 1) || ok != (r.saw("type='result'", "id='q'") == 1) || accepted > 1 {
		r.w.t.Errorf("registered: %v", ok)
	}
}

func playUnregister(r *theater) {
	r.receive(presence("subscribe", alice, phoneJID), true)
	synctest.Wait()
	r.watch()
	r.receive(`<iq type='set' id='q' from='alice@example.org/x' to='`+domain+`'><query xmlns='jabber:iq:register'><remove/></query></iq>`, true)
}

func endUnregister(r *theater) {
	_, ok, _ := r.store.Account(context.Background(), domain, alice)
	if gone := r.saw("type='result'", "id='q'") == 1; gone == ok || !ok && r.saw("'unsubscribed'", "from='"+domain) != 1 {
		r.w.t.Errorf("registered: %v", ok)
	}
	if !ok && len(r.store.state.contacts)+len(r.store.state.messages) > 0 {
		r.w.t.Error("0100.17: rows are left")
	}
}

func playText(r *theater) {
	r.receive(text(lasting("t"), "t"), true)
}

func playRetry(r *theater) {
	fails := 3
	r.bridge.OnSend(func(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
		if fails--; fails >= 0 {
			return nil, &bridges.Error{Kind: bridges.Temporary, Text: "Later.", After: 20 * time.Second}
		}
		return []bridges.MessageID{bridges.MessageID(m.Text)}, nil
	})
	r.receive(text(lasting("t"), "t"), true)
	time.Sleep(2 * time.Minute)
}

// endText: sent or told, if it was accepted. A second text shows that the
// conversation goes on.
func endText(r *theater) {
	r.receive(text("u", "u"), true)
	synctest.Wait()
	r.watch()
	sent := len(r.bridge.All())
	if sent == 0 || r.bridge.All()[sent-1].Text != "u" {
		r.w.t.Error("the conversation does not go on")
	}
	if told := r.saw("type='error'", "id='"+lasting("t")+"'"); told > 1 {
		r.w.t.Errorf("told %d times", told)
	}
}

func playReceipt(r *theater) {
	r.receive(text(lasting("t"), "t"), true)
	synctest.Wait()
	r.give(delivered("m1"))
}

func endReceipt(r *theater) {
	r.give(delivered("m1")) // as a centre does that got no answer
	r.watch()
	// A text that is remembered was sent, or its sender was told that it may be.
	r.store.mu.Lock()
	known := len(r.store.state.sent) > 0 && r.saw("type='error'", "id='"+lasting("t")+"'") == 0
	r.store.mu.Unlock()
	if n := r.saw("<received", "id='"+lasting("t")+"'"); known != (n == 1) {
		r.w.t.Errorf("0184.3: %d receipts, the message is known: %v", n, known)
	}
	time.Sleep(2 * earlyTime)
	synctest.Wait()
}

func playIn(r *theater) {
	for i := range 3 {
		m := sms(fmt.Sprint("in", i))
		m.ID = bridges.MessageID(fmt.Sprint("net", i))
		r.give(m)
	}
}

func endIn(r *theater) {
	playIn(r)
	r.watch()
	for i := range 3 {
		if n := r.saw(fmt.Sprint("<body>in", i)); n != 1 {
			r.w.t.Errorf("5.1.8: in%d has %d ids", i, n)
		}
	}
}

// playList has the network's list change.
func playList(r *theater) {
	r.give(bridges.ContactChange{Person: bridges.Person{ID: phone, Name: "Bob"}})
	r.give(bridges.ContactChange{Person: bridges.Person{ID: phone, Name: "Rob"}})
	r.give(bridges.ContactChange{Person: bridges.Person{ID: "+12025550101"}})
	r.give(bridges.ContactChange{Person: bridges.Person{ID: "+12025550101"}, Gone: true})
}

func endList(r *theater) {
	playList(r)
	for range 3 { // it asks at a pace
		time.Sleep(time.Second)
		r.watch()
	}
	if n := strings.Count(strings.Join(slices.Collect(maps.Values(r.seen)), ""), "type='subscribe'"); n > 2 {
		r.w.t.Errorf("0100.37: %d questions", n)
	}
	for id, want := range map[bridges.ChatID]string{phone: "Rob", "+12025550101": ""} {
		c, _, _ := r.store.Contact(r.w.t.Context(), domain, alice, id)
		if c.Name != want || (c.Subscription&standing != 0) != (want != "") {
			r.w.t.Errorf("the contact is %+v", c)
		}
	}
}

func playBounce(r *theater) {
	r.give(sms("back"))
	r.mu.Lock()
	var o *stanza.Out
	if len(r.pending) > 0 {
		o = r.pending[0].out
	}
	r.mu.Unlock()
	if o != nil {
		r.receive(bounce(o.ID, "<body>back</body>"), true)
		synctest.Wait()
	}
}

func endBounce(r *theater) {
	if n := r.saw("<body>back"); n > 1 || n == 0 && len(r.store.state.sent) > 0 {
		r.w.t.Errorf("the text came with %d ids", n)
	}
}

func playSubscribe(r *theater) {
	r.receive(presence("subscribe", alice, phoneJID), true)
}

func endSubscribe(r *theater) {
	_, ok, _ := r.store.Contact(context.Background(), domain, alice, phone)
	if ok != (r.saw("'subscribed'") == 1) || ok != (r.saw("'subscribe'") == 1) {
		r.w.t.Errorf("0100.27: contact: %v", ok)
	}
}
