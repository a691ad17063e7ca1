package gateway

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/mapping"
)

// silentLink is a link to a server that takes nothing, until it resumes.
type silentLink struct {
	*fakeLink
	silent atomic.Bool
	resume chan struct{}
}

func (l *silentLink) Send(ctx context.Context, o *stanza.Out, key component.Key) error {
	if l.silent.Load() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.resume:
		}
	}
	return l.fakeLink.Send(ctx, o, key)
}

// stuckStore is a store that cannot write any more.
type stuckStore struct {
	*memStore
	stuck, full atomic.Bool
	release     chan struct{} // closed by Close
}

func (s *stuckStore) Commit(ctx context.Context, b *mapping.Batch) error {
	if s.stuck.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.memStore.Commit(ctx, b)
}

func (s *stuckStore) Behind(b *mapping.Batch) {
	if s.full.Load() {
		<-s.release
		return
	}
	s.memStore.Behind(b)
}

// lateBridge ends late.
type lateBridge struct {
	*bridgetest.Bridge
	late time.Duration
}

func (b *lateBridge) Run(ctx context.Context, h bridges.Host) error {
	err := b.Bridge.Run(ctx, h)
	time.Sleep(b.late)
	return err
}

// trouble is a gateway at whose end something does not answer.
type trouble struct {
	t      *testing.T
	g      *Gateway
	link   *silentLink
	store  *stuckStore
	bridge *lateBridge
}

func (r *trouble) deliver(n int) {
	r.t.Helper()
	for i := range n {
		m := sms("x")
		m.Chat = bridges.ChatID("+1202555" + strconv.Itoa(1000+i))
		err := r.bridge.Host().Deliver(r.t.Context(), []bridges.Delivery{{Account: alice, Event: m}})
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// hand gives the gateway a stanza as its link does, which waits for it.
func (r *trouble) hand(key uint64, xml string) {
	s := mustParse(r.t, xml)
	r.link.do <- func() { r.g.Handle(s, component.Key{Cycle: key}) }
}

// TestStopBounded: whoever is silent, the gateway ends in time. Only when a
// part of it does not end at all it says so.
func TestStopBounded(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *trouble)
		want error
	}{
		{"nothing is wrong", func(*trouble) {}, nil},
		{"the server takes nothing", func(r *trouble) {
			r.link.silent.Store(true)
			r.deliver(500)
		}, nil},
		{"the network does not answer", func(r *trouble) {
			r.bridge.OnSend(func(ctx context.Context, _ bridges.Message) ([]bridges.MessageID, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			r.link.receive(r.t, text("a", "under way"))
			r.bridge.late = 5 * time.Second
		}, nil},
		{"the store does not write, and a user floods", func(r *trouble) {
			r.store.stuck.Store(true)
			r.hand(1000, `<message type='chat' id='h' from='alice@example.org/p' to='sms.example.org'><body>help</body></message>`)
			for range controlLimit + cap(r.g.refusals) + 2*refusalBatch {
				r.link.do <- func() {
					r.g.Handle(mustParse(r.t, `<iq type='get' id='p' from='alice@example.org/p' to='sms.example.org'><ping xmlns='urn:xmpp:ping'/></iq>`), zeroKey)
				}
			}
		}, nil},
		{"the store takes nothing more", func(r *trouble) {
			r.store.full.Store(true)
			r.hand(1000, `<presence type='subscribe' from='x@nowhere.example' to='sms.example.org'/>`)
		}, ErrStuck},
		{"the adapter does not end", func(r *trouble) { r.bridge.late = time.Hour }, ErrStuck},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { stops(t, c.do, c.want) })
		})
	}
}

func stops(t *testing.T, do func(r *trouble), want error) {
	s := &stuckStore{memStore: newMemStore(), release: make(chan struct{})}
	registered(s, alice, number)
	r := &trouble{t: t, store: s, bridge: &lateBridge{Bridge: bridgetest.New(bridgetest.SMS(), number)}}
	r.g = New(Config{Domain: domain, Bridge: r.bridge, Store: s, Allow: []string{"example.org"}})
	r.link = &silentLink{resume: make(chan struct{}), fakeLink: &fakeLink{h: r.g, j: r.g.Journal(), do: make(chan func(), 10_000), sent: make(chan string, 30_000)}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.g.Run(ctx, r.link) }()
	synctest.Wait()
	do(r)
	synctest.Wait()
	began := time.Now()
	cancel()
	err := <-ended
	if took := time.Since(began); took > endTime {
		t.Error("it ended after", took)
	}
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("Run: %v, want %v", err, want)
	}
	close(s.release)
	synctest.Wait()
	time.Sleep(2 * time.Hour) // what was given up ends now
}
