package media

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"causeway/bridges"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice  = bridges.AccountID("alice@example.org")
	domain = "matrix.example.org"
	most   = 1 << 20 // MaxSize of tests
)

// rig is a Service, and a server that it may reach, with its counters.
type rig struct {
	*Service
	t       testing.TB
	web     *httptest.Server
	counted *prometheus.Registry
}

// start serves what h answers. quick are deadlines for the tests that wait for
// them; zero ones stay.
func start(t testing.TB, h http.HandlerFunc, quick times) *rig {
	t.Helper()
	r := &rig{t: t, web: httptest.NewServer(h), counted: prometheus.NewRegistry()}
	t.Cleanup(r.web.Close)
	s, err := New(Config{
		MaxSize: most, Private: []Place{placeOf(t, r.web)}, PublicURL: "https://c.example/x", Dir: t.TempDir(),
		Keys: map[string]Key{domain: NewKey("secret")}, Metrics: r.counted,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if quick.idle != 0 {
		s.times.idle = quick.idle
	}
	if quick.expect != 0 {
		s.times.expect = quick.expect
	}
	if quick.header != 0 {
		s.times.header = quick.header
	}
	if quick.whole != 0 {
		s.times.whole = quick.whole
	}
	if quick.keep != 0 {
		s.times.keep = quick.keep
	}
	s.connect()
	r.Service = s
	return r
}

// placeOf returns the place that a server is.
func placeOf(t testing.TB, web *httptest.Server) Place {
	t.Helper()
	p, err := ParsePlace(web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// soon ends a test that waits for what does not come.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// refused checks the kind of an error, that it was counted once, and that no
// address is told to the user.
func (r *rig) refused(err error, kind bridges.Kind, way, reason string) {
	r.t.Helper()
	var e *bridges.Error
	if !errors.As(err, &e) || e.Kind != kind {
		r.t.Errorf("the error is %v (%#v), not of kind %d", err, err, kind)
		return
	}
	if strings.Contains(e.Text, "127.") || e.Text == "" || e.Cause == nil {
		r.t.Errorf("the text is %q, the cause %v", e.Text, e.Cause)
	}
	if n := testutil.ToFloat64(r.metrics.refused.WithLabelValues(way, reason)); n != 1 {
		r.t.Errorf("%v are counted as %s, after %v", n, reason, err)
	}
}

// bytes returns how many have gone a way.
func (r *rig) bytes(way string) int {
	return int(testutil.ToFloat64(r.metrics.bytes.WithLabelValues(way)))
}
