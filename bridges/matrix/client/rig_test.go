package client

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// token is the one that nobody else may see.
const token = "the-as-token"

// ghost acts in most tests.
const ghost = "@xmpp_ann=40example.org:hs"

// asked is a request as the homeserver got it.
type asked struct {
	peer, method, uri, auth, kind, body string
}

// rig is a homeserver that follows a script, and its client.
type rig struct {
	*Homeserver
	server *httptest.Server

	mu     sync.Mutex
	asked  []asked
	waited []time.Duration
	counts map[Outcome]int
}

// answer is one step of a script.
type answer func(w http.ResponseWriter, r *http.Request)

// says answers with a status and a body.
func says(status int, body string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// newRig plays the steps one after the other; the last goes on for ever. Waits
// take no time.
func newRig(t *testing.T, steps ...answer) *rig {
	t.Helper()
	r := &rig{counts: map[Outcome]int{}}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.asked = append(r.asked, asked{q.RemoteAddr, q.Method, q.RequestURI, q.Header.Get("Authorization"), q.Header.Get("Content-Type"), string(body)})
		step := steps[min(len(r.asked), len(steps))-1]
		r.mu.Unlock()
		step(w, q)
	}))
	h, err := New(Config{URL: r.server.URL + "/", Token: token, Count: r.count})
	if err != nil {
		t.Fatal(err)
	}
	h.wait, h.bytes = r.wait, 1<<20
	r.Homeserver = h
	t.Cleanup(func() {
		h.Close()
		r.server.Close()
	})
	return r
}

func (r *rig) count(o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[o]++
}

func (r *rig) wait(ctx context.Context, d time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waited = append(r.waited, d)
	return ctx.Err()
}

// only returns the only request.
func (r *rig) only(t *testing.T) asked {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.asked) != 1 {
		t.Fatalf("%d requests, want 1: %v", len(r.asked), r.asked)
	}
	return r.asked[0]
}
