package matrix

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"causeway/bridges/bridgetest"
)

// passing is how requests of one side reach the other, along the line of the
// suite.
type passing struct {
	line       *bridgetest.Line
	asks, done bridgetest.Step
	http.RoundTripper
}

var errCut = errors.New("the line is cut")

// RoundTrip implements http.RoundTripper.
func (p passing) RoundTrip(r *http.Request) (*http.Response, error) {
	switch p.line.Pass(p.asks) {
	case bridgetest.Busy:
		return &http.Response{
			StatusCode: http.StatusTooManyRequests, Header: http.Header{}, Request: r, ProtoMajor: 1, ProtoMinor: 1,
			Body: io.NopCloser(strings.NewReader(`{"errcode": "M_LIMIT_EXCEEDED", "error": "later", "retry_after_ms": 10}`)),
		}, nil
	case bridgetest.Cut:
		return nil, errCut
	}
	a, err := p.RoundTripper.RoundTrip(r)
	if err == nil && p.line.Pass(p.done) == bridgetest.Cut {
		return nil, errors.Join(errCut, a.Body.Close())
	}
	return a, err
}

// along is a proxy on the line before a server. Where that is cut it hangs up.
func along(t *testing.T, address string, p passing) http.Handler {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	wire := new(http.Transport)
	t.Cleanup(wire.CloseIdleConnections)
	p.RoundTripper = wire
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: p, ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

// toHomeserver returns where a bridge finds a homeserver behind the line.
func toHomeserver(t *testing.T, l *bridgetest.Line, address string) string {
	t.Helper()
	s := httptest.NewUnstartedServer(along(t, address, passing{line: l, asks: bridgetest.Asked, done: bridgetest.Done}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}
