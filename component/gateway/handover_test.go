package gateway

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/bridges/takeover"
	"causeway/bridges/takeover/takeovertest"
	"causeway/component"
	"causeway/component/componenttest"
	"causeway/mapping"
)

// mindful is a network that remembers what it was given, as SMPP does.
type mindful struct {
	*bridgetest.Bridge
	successor bool
}

// Remembers implements bridges.Rememberer.
func (m mindful) Remembers() bool { return m.successor }

// relay has one gateway after the other on the same disk, note and connection
// to the server.
type relay struct {
	*rig
	keeper *takeovertest.Keeper
	cancel context.CancelCauseFunc
}

// newRelay starts the first one. Alice is registered and sees a contact.
func newRelay(t *testing.T) *relay {
	s := newMemStore()
	registered(s, alice, number)
	_ = s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{{Bridge: domain, Account: alice, ID: phone, Subscription: mapping.SeesContact}}})
	r := &relay{
		keeper: takeovertest.New(t),
		rig:    &rig{t: t, srv: componenttest.New(t, domain, "secret"), store: s, ended: make(chan error, 1)},
	}
	r.live(false)
	r.Conn = r.srv.Accept()
	r.greeting()
	return r
}

// live begins a life on what the last one left.
func (r *relay) live(successor bool) {
	b := mindful{bridgetest.New(bridgetest.SMS(), number), successor}
	r.bridge = b.Bridge
	g := New(Config{Domain: domain, Bridge: b, Store: r.store, Allow: []string{"example.org"}, Hold: time.Hour, Keeper: r.keeper})
	l := component.New(component.Config{Domain: domain, Address: r.srv.Addr(), Secret: "secret", Keeper: r.keeper}, g, g.Journal())
	ctx, cancel := context.WithCancelCause(context.Background())
	r.g, r.cancel = g, cancel
	go func() { r.ended <- g.Run(ctx, l) }()
	r.t.Cleanup(func() { // of the last life; the others have ended
		g.stop()
		cancel(nil)
		g.end()
	})
}

// handOver ends a life as an upgrade does: the disk is what it was when Run
// returned, and nothing of the process goes on.
func (r *relay) handOver() {
	r.t.Helper()
	r.cancel(takeover.ErrHandover)
	select {
	case err := <-r.ended:
		if err != nil {
			r.t.Errorf("Run: %v", err)
		}
	case <-time.After(componenttest.Patience):
		r.t.Fatal("Run does not return")
	}
	disk := r.store.(*memStore).crash()
	r.g.end()
	r.store = disk
	r.live(true)
}

// TestHandover: Run ends at once for a successor, says no goodbye, and loses
// nothing: not the text that the network is about to answer, not the one that
// the server has not answered for, not what the server sends meanwhile.
func TestHandover(t *testing.T) {
	r := newRelay(t)
	asked := make(chan string, 1)
	r.bridge.OnSend(func(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
		asked <- m.Key
		bridges.Waits(ctx)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	r.Send(text("1", "under way"))
	key := <-asked
	r.HoldPings()
	r.deliver(bridges.Message{Chat: "+12025550101", From: "+12025550101", Text: "unsettled"}) // the other conversation is busy
	r.Receive(`<message type='chat' from='*' to='*' id='$id'><body>unsettled</body><any/></message>`)
	r.Next() // the ping for it
	r.Send(text("2", "behind it"))
	r.handOver()
	r.Send(text("3", "to the successor"))
	r.AnswerPings()
	r.greeting() // and nothing before it: no goodbye, no error, no repetition
	r.wantOnPhone("under way", "behind it", "to the successor")
	if again := r.bridge.All()[0].Key; again != key {
		t.Errorf("the key was %s and is %s", key, again)
	}
	r.deliver(sms("from the successor"))
	r.Receive(`<message type='chat' from='*' to='*'><body>from the successor</body><any/></message>`)
	r.barrier(alice)
	r.barrier(alice)
	if n := len(r.store.(*memStore).state.quarantined); n != 0 {
		t.Errorf("%d are in quarantine", n)
	}
}

// TestGreetingAfterTakeover: each life greets a user and asks for presence once,
// shows the contacts once, and nobody is ever shown as gone.
func TestGreetingAfterTakeover(t *testing.T) {
	r := newRelay(t)
	for n := range 3 {
		for _, resource := range []string{"/one", "/two"} {
			r.Send(available(alice+resource, domain)) // it was asked for
			r.Receive(ownShows)
			if resource == "/one" {
				r.Receive(contactShows)
			}
			r.Send(available(alice+resource, domain)) // a change of status
			r.Send(available(alice+resource, phoneJID))
		}
		r.barrier(alice)
		r.handOver()
		r.greeting()
		if n == 1 { // who has logged out meanwhile does not answer the probe
			r.Send(presence("unavailable", alice+"/one", domain))
			r.Send(presence("unavailable", alice+"/two", domain))
			r.barrier(alice)
		}
	}
}

// TestPlacesBeforeTheTakeover: what a stream gives again, at or before a place
// that is on disk, is dropped and answered for like the rest, in each life.
func TestPlacesBeforeTheTakeover(t *testing.T) {
	for name, calls := range map[string][][]bridges.Delivery{
		"one after the other":       {places(1, 10), places(1, 20), places(1, 30)},
		"the same call again":       {places(1, 10, 20), places(1, 10, 20), places(1, 30)},
		"old and new in one call":   {places(1, 10), places(1, 5, 10, 20), places(1, 10, 20, 30)},
		"only old ones":             {places(1, 10, 20, 30), places(1, 10), places(1, 20, 30)},
		"another stream is another": {places(1, 30), places(2, 10), places(1, 30), places(2, 10, 20)},
	} {
		for i := range len(calls) {
			t.Run(fmt.Sprint(name, ", takeover before call ", i+1), func(t *testing.T) {
				gives(t, calls, i)
			})
		}
	}
}

// places are texts at these places of a stream.
func places(stream uint64, offsets ...uint64) (ds []bridges.Delivery) {
	for _, at := range offsets {
		ds = append(ds, bridges.Delivery{Account: alice, Stream: stream, Offset: at, Event: sms(fmt.Sprintf("%d at %d", stream, at))})
	}
	return ds
}

// gives makes the calls, with a takeover before one of them.
func gives(t *testing.T, calls [][]bridges.Delivery, takenOver int) {
	r := newRelay(t)
	var want []string
	last := map[uint64]uint64{} // of each stream
	for i, ds := range calls {
		if i == takenOver {
			r.handOver()
		}
		if err := r.bridge.Host().Deliver(t.Context(), ds); err != nil {
			t.Fatal(err)
		}
		for _, d := range ds {
			if d.Offset > last[d.Stream] {
				last[d.Stream] = d.Offset
				want = append(want, d.Event.(bridges.Message).Text)
			}
		}
	}
	var got []string
	for len(got) < len(want) {
		if n := r.Next(); n.Local == "message" {
			got = append(got, n.Child("", "body").Text)
		}
	}
	r.Send(`<iq type='get' id='last' from='` + alice + `/b' to='` + domain + `'><ping xmlns='urn:xmpp:ping'/></iq>`)
	for n := r.Next(); n.Attr["id"] != "last"; n = r.Next() {
		if n.Local == "message" {
			got = append(got, n.Child("", "body").Text)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
