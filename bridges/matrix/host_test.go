package matrix

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
)

const alice = bridges.AccountID("alice@example.org")

// patience bounds what a test waits for.
const patience = time.Minute

// host is a gateway with one account, that drops messages which come again as the
// real one does.
type host struct {
	owner map[bridges.UserID]bridges.AccountID
	came  chan bridges.Event
	hints chan bridges.Event
	ready chan struct{}

	mu   sync.Mutex
	err  error
	seen map[bridges.MessageID]bool
}

func newHost(owners ...bridges.UserID) *host {
	h := &host{
		owner: map[bridges.UserID]bridges.AccountID{}, came: make(chan bridges.Event, 4096),
		hints: make(chan bridges.Event, 4096), ready: make(chan struct{}, 100), seen: map[bridges.MessageID]bool{},
	}
	for _, id := range owners {
		h.owner[id] = alice
	}
	return h
}

func (h *host) Owner(_ context.Context, id bridges.UserID) (bridges.AccountID, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, ok := h.owner[id]
	return a, ok, nil
}

func (h *host) Deliver(_ context.Context, ds []bridges.Delivery) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return h.err
	}
	for _, d := range ds {
		id := bridgetest.IDOf(d.Event)
		if h.seen[id] {
			continue
		}
		h.seen[id] = id != ""
		h.came <- d.Event
	}
	return nil
}

func (h *host) Hint(d bridges.Delivery) { h.hints <- d.Event }
func (h *host) Answered(...string)      {}
func (h *host) Ready() {
	select {
	case h.ready <- struct{}{}:
	default:
	}
}

// fail sets the error of each Deliver from now on.
func (h *host) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

// register makes an account known, or unknown.
func (h *host) register(id bridges.UserID, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.owner, id)
	if known {
		h.owner[id] = alice
	}
}

// next returns what comes next.
func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case x := <-from:
		return x
	case <-time.After(patience):
		t.Fatal("nothing comes")
		panic("unreachable")
	}
}

// wantText wants a text of a person next, passing over read marks.
func (h *host) wantText(t *testing.T, from bridges.UserID, text string) bridges.Message {
	t.Helper()
	for {
		m, ok := next(t, h.came).(bridges.Message)
		if !ok {
			continue
		}
		if m.From != from || m.Chat != bridges.ChatID(from) || m.Text != text || m.ID == "" || m.Sent.IsZero() {
			t.Fatalf("%+v came, want %q of %s", m, text, from)
		}
		return m
	}
}

// setting is a configuration with a registration of its own.
func setting(t *testing.T, url, listen string) Config {
	t.Helper()
	c := DefaultConfig()
	c.Homeserver = Homeserver{URL: url, Name: "localhost"}
	c.Appservice.Listen = listen
	c.Appservice.Registration = filepath.Join(t.TempDir(), "registration.yaml")
	if err := c.Registration("matrix.example.org").Write(c.Appservice.Registration); err != nil {
		t.Fatal(err)
	}
	return c
}

func newBridge(t *testing.T, c Config, n bridges.Notes) *Bridge {
	t.Helper()
	if n == nil {
		n = new(bridgetest.Notes)
	}
	b, err := New(c, Deps{
		Log: discard, Metrics: prometheus.NewRegistry(), Notes: n,
		Listen: func(_, address string) (net.Listener, error) { return net.Listen("tcp", address) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs a bridge until stop, or the end of the test.
func run(t *testing.T, b *Bridge, h *host) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Run(ctx, h); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	next(t, h.ready)
	return stop
}

// open opens alice's session.
func open(t *testing.T, b *Bridge) *session {
	t.Helper()
	s, err := b.Open(t.Context(), bridges.Account{ID: alice, Self: b.ghosts.of(alice)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.(*session)
}

// send sends a text, which must be taken, and returns the id of its event.
func send(t *testing.T, s *session, to bridges.UserID, text string) string {
	t.Helper()
	ids, err := s.Send(t.Context(), bridges.Message{Chat: bridges.ChatID(to), From: s.ghost, Key: "key " + text, Text: text})
	if err != nil || len(ids) != 1 {
		t.Fatalf("%q: %v, %v", text, ids, err)
	}
	return string(ids[0])
}

// wait lets a little time pass between two looks.
func wait(t *testing.T) {
	t.Helper()
	select {
	case <-time.After(50 * time.Millisecond):
	case <-t.Context().Done():
	}
}
