package sms

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"causeway/bridges"
	"causeway/cmd/handset/smsc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice  = "alice@example.org"
	number = "+12025550199"
	phone  = "+12025550100"
	secret = "s3cr3tpw"
	// patience bounds waiting for something that must come.
	patience = time.Minute
)

// config is one connector to an address.
func config(addresses ...string) Config {
	c := DefaultConfig()
	c.Region = "US"
	c.Numbers.Pool = []string{number, "+12025550198"}
	for _, a := range addresses {
		s := DefaultSMPP()
		s.Address, s.SystemID, s.Password = a, "causeway", secret
		c.Connectors = append(c.Connectors, Connector{s})
	}
	return c
}

var slogDiscard = slog.New(slog.DiscardHandler)

func registry() prometheus.Registerer { return prometheus.NewRegistry() }

func newBridge(t *testing.T, c Config) *Bridge {
	t.Helper()
	b, err := New(c, slogDiscard, registry(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fakeHost is a gateway where alice has the first number of the pool.
type fakeHost struct {
	mu       sync.Mutex
	fails    error
	answered []string
	came     chan bridges.Delivery
	ready    chan struct{}
	refused  chan struct{} // by fails
}

var _ bridges.Host = (*fakeHost)(nil)

func newHost() *fakeHost {
	return &fakeHost{came: make(chan bridges.Delivery, 1000), ready: make(chan struct{}, 1000), refused: make(chan struct{}, 1000)}
}

func (h *fakeHost) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fails = err
}

func (h *fakeHost) Owner(_ context.Context, id bridges.UserID) (bridges.AccountID, bool, error) {
	return alice, id == number, nil
}

func (h *fakeHost) Deliver(_ context.Context, ds []bridges.Delivery) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fails != nil {
		h.refused <- struct{}{}
		return h.fails
	}
	for _, d := range ds {
		h.came <- d
	}
	return nil
}

// Hint implements bridges.Host. No text is a hint.
func (h *fakeHost) Hint(d bridges.Delivery) { panic(d) }

func (h *fakeHost) Answered(once ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answered = append(h.answered, once...)
}

func (h *fakeHost) Ready() { h.ready <- struct{}{} }

func next[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("nothing comes")
	}
	return v
}

// run runs a bridge until the test ends, and returns when it is bound.
func run(t *testing.T, b *Bridge) *fakeHost {
	t.Helper()
	h, _ := runUntil(t, b)
	return h
}

// runUntil is run for a bridge that may be ended before, for a cause.
func runUntil(t *testing.T, b *Bridge) (h *fakeHost, end func(cause error)) {
	t.Helper()
	h = newHost()
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, h) }()
	var once sync.Once
	end = func(cause error) {
		once.Do(func() {
			cancel(cause)
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { end(nil) })
	next(t, h.ready)
	return h, end
}

// open opens alice's session, which the end of the test closes.
func open(t *testing.T, b *Bridge) bridges.Session {
	t.Helper()
	s, err := b.Open(t.Context(), bridges.Account{ID: alice, Self: number})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// rig is a bridge that is bound to the SMS centre of the demo.
type rig struct {
	*Bridge
	host   *fakeHost
	centre *smsc.Centre
	texts  chan smsc.Text
}

func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	r := &rig{texts: make(chan smsc.Text, 1000)}
	var err error
	r.centre, err = smsc.Listen("127.0.0.1:0", smsc.Config{
		SystemID: "causeway", Password: secret, Log: slogDiscard, Changed: func() {},
		Text: func(x smsc.Text) { r.texts <- x },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.centre.Close() })
	c := config(r.centre.Address())
	for _, f := range change {
		f(&c)
	}
	r.Bridge = newBridge(t, c)
	r.host = run(t, r.Bridge)
	return r
}

func (r *rig) session(t *testing.T) bridges.Session {
	t.Helper()
	return open(t, r.Bridge)
}

func message(text string) bridges.Message {
	return bridges.Message{Chat: phone, From: number, Key: "k." + text, Text: text, Receipt: true}
}

// count returns how many messages from the centre had a result.
func (b *Bridge) count(result string) int {
	return int(testutil.ToFloat64(b.metrics.incoming.WithLabelValues(result)))
}

// events returns how often something happened on the first connector.
func (b *Bridge) events(name string) int {
	return int(testutil.ToFloat64(b.metrics.events.WithLabelValues(b.connectors[0].name, name)))
}
