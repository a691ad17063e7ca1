package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// Web is an HTTP proxy inside of a test. It does with each request what the test
// says: pass it on, once or several times, and give an answer, or none.
type Web struct {
	to        string
	meddle    func(*Exchange)
	listener  net.Listener
	server    http.Server
	transport *http.Transport
	wg        sync.WaitGroup
	refused   atomic.Int64
}

// Exchange is one request on its way. It is the caller's to end it by Give, Reset
// or Halve, exactly once.
type Exchange struct {
	Request *http.Request
	Body    []byte // what Pass sends; it may be changed

	web *Web
	w   http.ResponseWriter
}

// Answer is what a server said. A Status of 0: it said nothing.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// ListenWeb starts a proxy for the server at an address. Requests are given to
// meddle as they come, several at once. The caller owes Close.
func ListenWeb(to string, meddle func(*Exchange)) (*Web, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Web{to: to, meddle: meddle, listener: l, transport: &http.Transport{DisableCompression: true}}
	p.server.Handler = http.HandlerFunc(p.serve)
	p.wg.Go(func() { _ = p.server.Serve(l) }) // until Close
	return p, nil
}

// Address returns what clients connect to.
func (p *Web) Address() string { return p.listener.Addr().String() }

// Refused counts the connections that the server has refused.
func (p *Web) Refused() int { return int(p.refused.Load()) }

// Close ends all connections and waits for what the proxy started.
func (p *Web) Close() error {
	err := p.server.Close()
	p.wg.Wait()
	p.transport.CloseIdleConnections()
	return err
}

func (p *Web) serve(w http.ResponseWriter, r *http.Request) {
	p.wg.Add(1)
	defer p.wg.Done()
	e := &Exchange{Request: r, web: p, w: w}
	var err error
	if e.Body, err = io.ReadAll(r.Body); err != nil {
		e.Reset()
		return
	}
	p.meddle(e)
}

// Pass asks the server and returns its whole answer. It blocks until that is
// there, or the client has hung up.
func (e *Exchange) Pass() Answer {
	r := e.Request.Clone(e.Request.Context())
	r.URL.Scheme, r.URL.Host, r.RequestURI = "http", e.web.to, ""
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(e.Body)), int64(len(e.Body))
	return e.web.pass(r)
}

// Repeat does what Pass does, though its client may be gone: that of an exchange
// that has ended.
func (e *Exchange) Repeat(ctx context.Context) Answer {
	again := *e
	again.Request = e.Request.WithContext(ctx)
	return again.Pass()
}

func (p *Web) pass(r *http.Request) Answer {
	got, err := p.transport.RoundTrip(r)
	if errors.Is(err, syscall.ECONNREFUSED) {
		p.refused.Add(1)
	}
	if err != nil {
		return Answer{}
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return Answer{}
	}
	return Answer{got.StatusCode, got.Header, body}
}

// Give gives the client an answer; one of a server that said nothing is a reset.
func (e *Exchange) Give(a Answer) {
	if a.Status == 0 {
		e.Reset()
		return
	}
	e.begin(a)
	_, _ = e.w.Write(a.Body) // the client may be gone
}

// Halve gives the client half of an answer, and then resets its connection.
func (e *Exchange) Halve(a Answer) {
	if a.Status != 0 {
		e.begin(a)
		_, _ = e.w.Write(a.Body[:len(a.Body)/2])
		_ = http.NewResponseController(e.w).Flush()
	}
	e.Reset()
}

func (e *Exchange) begin(a Answer) {
	for name, values := range a.Header {
		e.w.Header()[name] = values
	}
	e.w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	e.w.WriteHeader(a.Status)
}

// Reset resets the client's connection.
func (e *Exchange) Reset() {
	c, _, err := http.NewResponseController(e.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	abort(c.(*net.TCPConn))
}
