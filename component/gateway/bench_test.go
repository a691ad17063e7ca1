package gateway

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/mapping"
)

// quickStore takes everything and keeps almost nothing: what is measured with
// it is the gateway.
type quickStore struct {
	*memStore
	next uint64
}

func (q *quickStore) Commit(_ context.Context, b *mapping.Batch) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range b.Cycles {
		q.next++
		c.ID = q.next
	}
	return nil
}

func (q *quickStore) Behind(*mapping.Batch) {}

// quickLink settles what it is given when it is told to.
type quickLink struct {
	g    *Gateway
	mu   sync.Mutex
	keys []component.Key
	up   chan struct{}
	got  chan struct{} // one for each stanza with a key
}

func (l *quickLink) Run(ctx context.Context) error {
	l.g.Up(true)
	close(l.up)
	<-ctx.Done()
	return nil
}

func (l *quickLink) Request(context.Context, *stanza.Out) (*stanza.Stanza, error) {
	return nil, component.ErrDown
}

func (l *quickLink) Send(_ context.Context, _ *stanza.Out, key component.Key) error {
	if key == (component.Key{}) {
		return nil
	}
	l.mu.Lock()
	l.keys = append(l.keys, key)
	l.mu.Unlock()
	l.got <- struct{}{}
	return nil
}

// settle says that the server has taken all that it was given.
func (l *quickLink) settle() {
	l.mu.Lock()
	keys := l.keys
	l.keys = nil
	l.mu.Unlock()
	l.g.Settled(keys, func() {})
}

// quickBridge is a network that takes everything and knows no numbers.
type quickBridge struct {
	sent chan bridges.MessageID
}

func (quickBridge) Info() bridges.Info {
	return bridges.Info{Type: "sms", Client: "phone", Name: "SMS", Can: bridges.CanReceipts}
}

func (b quickBridge) Open(context.Context, bridges.Account) (bridges.Session, error) { return b, nil }

func (b quickBridge) Send(_ context.Context, m bridges.Message) ([]bridges.MessageID, error) {
	id := bridges.MessageID(m.Key)
	b.sent <- id
	return []bridges.MessageID{id}, nil
}

func (quickBridge) Close() error { return nil }

// quick runs a gateway between a quickLink and a quickBridge.
func quick(t testing.TB) (*Gateway, *quickLink, quickBridge) {
	s := &quickStore{memStore: newMemStore()}
	registered(s.memStore, alice, number)
	b := quickBridge{make(chan bridges.MessageID, 1024)}
	g := New(Config{Domain: domain, Bridge: b, Store: s, Allow: []string{"example.org"}, AccountLimit: 1 << 20, BridgeLimit: 1 << 20})
	l := &quickLink{g: g, up: make(chan struct{}), got: make(chan struct{}, 1<<16)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx, l) }()
	<-l.up
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return g, l, b
}

// cpuTime is the processor time of this process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU reports what an operation costs, on however many processors.
func reportCPU(b *testing.B, since time.Duration) {
	b.ReportMetric(float64(cpuTime()-since)/float64(b.N), "cpu-ns/op")
}

func numbered(n int) string {
	return fmt.Sprintf(`<message type='chat' id='%08d-0000-4000-8000-000000000000' from='alice@example.org/phone' to='+1202%07d@sms.example.org'><body>The quick brown fox jumps over the lazy dog.</body><request xmlns='urn:xmpp:receipts'/></message>`, n, n%10_000_000)
}

// BenchmarkRoundTrip is a text out, its delivery report, and the receipt, 64
// at a time, without store and link.
func BenchmarkRoundTrip(b *testing.B) {
	g, l, net := quick(b)
	const window = 64
	stanzas := make([]*stanza.Stanza, 256*window)
	for i := range stanzas {
		s, err := stanza.Parse([]byte(numbered(i % 200)))
		if err != nil {
			b.Fatal(err)
		}
		c := *s
		c.ID = fmt.Sprint("id", i)
		stanzas[i] = &c
	}
	b.ReportAllocs()
	b.ResetTimer()
	defer reportCPU(b, cpuTime())
	for n := 0; n < b.N; n += window {
		for i := range window {
			s := stanzas[(n+i)%len(stanzas)]
			s.ID = fmt.Sprint(n + i)
			g.Handle(s, component.Key{Cycle: uint64(n + i + 1)})
		}
		ds := make([]bridges.Delivery, 0, window)
		for range window {
			ds = append(ds, bridges.Delivery{Account: alice, Event: bridges.Receipt{ID: <-net.sent, Chat: phone, State: bridges.Delivered}})
		}
		if err := g.Deliver(context.Background(), ds); err != nil {
			b.Fatal(err)
		}
		for range window {
			<-l.got
		}
		l.settle()
	}
}

// BenchmarkTextIn is a text of the network on its way to the user.
func BenchmarkTextIn(b *testing.B) {
	g, l, _ := quick(b)
	const window = 64
	b.ReportAllocs()
	defer reportCPU(b, cpuTime())
	for n := 0; n < b.N; n += window {
		ds := make([]bridges.Delivery, window)
		for i := range ds {
			to := bridges.ChatID(fmt.Sprintf("+1202555%04d", i%200))
			ds[i] = bridges.Delivery{Account: alice, Event: bridges.Message{Chat: to, From: bridges.UserID(to), Text: "The quick brown fox jumps over the lazy dog."}}
		}
		if err := g.Deliver(context.Background(), ds); err != nil {
			b.Fatal(err)
		}
		for range window {
			<-l.got
		}
		l.settle()
	}
}

// BenchmarkContactPresence is what a contact costs whose user comes online,
// before the link.
func BenchmarkContactPresence(b *testing.B) {
	g := New(Config{Domain: domain, Bridge: bridgetest.New(bridgetest.SMS()), Store: newMemStore()})
	b.ReportAllocs()
	for b.Loop() {
		g.contactPresence(phoneJID, alice)
	}
}
