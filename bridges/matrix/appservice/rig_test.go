package appservice

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"causeway/bridges/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// token is the one that a homeserver shows.
const token = "the-hs-token"

// rig is a server, what it gave to its handler, and what it said of it. Its
// functions are nil or what the handler does.
type rig struct {
	*Server
	url    string
	client *http.Client
	served chan error

	take   func(context.Context, *Transaction) error
	exists func(context.Context, string) (bool, error)

	mu     sync.Mutex
	taken  []*Transaction
	asked  []string
	counts map[Outcome]int
	log    bytes.Buffer
}

// newRig starts a server, which set may change before.
func newRig(t *testing.T, hs settings.Secret, set ...func(*http.Server)) *rig {
	t.Helper()
	r := &rig{counts: map[Outcome]int{}, client: &http.Client{Transport: &http.Transport{}}, served: make(chan error, 1)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + l.Addr().String()
	r.Server = NewServer(Config{Token: hs, Handler: r, Log: slog.New(slog.NewTextHandler(&locked{rig: r}, nil)), Count: r.count})
	for _, f := range set {
		f(&r.http)
	}
	go func() { r.served <- r.Serve(l) }()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// locked is the log, which requests write at once.
type locked struct{ rig *rig }

func (l *locked) Write(p []byte) (int, error) {
	l.rig.mu.Lock()
	defer l.rig.mu.Unlock()
	return l.rig.log.Write(p)
}

func (r *rig) count(o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[o]++
}

func (r *rig) Transaction(ctx context.Context, tx *Transaction) error {
	r.mu.Lock()
	r.taken = append(r.taken, tx)
	r.mu.Unlock()
	if r.take == nil {
		return nil
	}
	return r.take(ctx, tx)
}

func (r *rig) HasUser(ctx context.Context, id string) (bool, error) { return r.has(ctx, "user "+id) }

func (r *rig) HasAlias(ctx context.Context, id string) (bool, error) { return r.has(ctx, "alias "+id) }

func (r *rig) has(ctx context.Context, what string) (bool, error) {
	r.mu.Lock()
	r.asked = append(r.asked, what)
	r.mu.Unlock()
	if r.exists == nil {
		return true, nil
	}
	return r.exists(ctx, what)
}

// do makes a request with the right token and returns the status and the body.
func (r *rig) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return r.as(t, "Bearer "+token, method, path, strings.NewReader(body))
}

// as makes one with any token.
func (r *rig) as(t *testing.T, auth, method, path string, body io.Reader) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, r.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if auth != "" {
		q.Header.Set("Authorization", auth)
	}
	a, err := r.client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(text)
}
