package media

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"causeway/bridges"
)

// Fetch opens the file that a user links to. It waits while four of that
// account are open, then blocks until the file begins to come, and all of it,
// with the reading, ends with ctx. The caller closes what it gets. Its Size is
// MaxSize at most, or -1; reading more than MaxSize fails.
//
// Errors, also those of Read, are *bridges.Error: Temporary when it may be
// tried again, TooLong, NotFound, NotAllowed for an address that may not be
// connected to, else Rejected. The https of a link holds through redirects, and
// http is for Config.Private only (xeps.md 0066.5). The fragment is not sent.
func (s *Service) Fetch(ctx context.Context, account bridges.AccountID, link string) (*bridges.Content, error) {
	c, err := s.fetch(ctx, account, link)
	if err != nil {
		return nil, s.metrics.refuse(wayFetch, err)
	}
	return c, nil
}

func (s *Service) fetch(ctx context.Context, account bridges.AccountID, link string) (*bridges.Content, error) {
	u, err := target(link)
	if err != nil {
		return nil, err
	}
	leave, err := s.fetches.take(ctx, account)
	if err != nil {
		return nil, fault(reasonTime, bridges.Temporary, "Too many files are under way.", "%w", err)
	}
	x := s.exchange(ctx)
	end := func() { x.end(); leave() }
	resp, err := s.get.Do(x.request(http.MethodGet, u, nil))
	if err != nil {
		why := classify(x.ctx, err)
		end()
		return nil, why
	}
	if err := s.acceptable(resp); err != nil {
		_ = resp.Body.Close() // nothing is left in it
		end()
		return nil, err
	}
	b := &body{from: resp.Body, x: x, left: s.cfg.MaxSize, s: s, bytes: s.metrics.begins(wayFetch), end: end}
	typ, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // what cannot be read is unknown
	return &bridges.Content{ReadCloser: b, Size: resp.ContentLength, Type: typ, Name: nameOf(resp)}, nil
}

// acceptable judges the head of an answer.
func (s *Service) acceptable(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return unwelcome(resp)
	}
	if resp.ContentLength > s.cfg.MaxSize {
		return tooLarge(s.cfg.MaxSize)
	}
	if e := resp.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return fault(reasonEncoding, bridges.Rejected, "The server of the file sends something else.",
			"it is compressed, which was not asked for")
	}
	return nil
}

// nameOf returns what the file of an answer is called.
func nameOf(resp *http.Response) string {
	_, p, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if name := p["filename"]; err == nil && name != "" {
		return FileName(name, "")
	}
	if name := path.Base(resp.Request.URL.Path); name != "/" && name != "." {
		return FileName(name, "")
	}
	return ""
}

// exchange is one request and its answer, with the deadlines of a file.
type exchange struct {
	ctx  context.Context
	stop context.CancelCauseFunc
	rest context.CancelFunc
	idle *time.Timer // runs while bytes are waited for
	time time.Duration
}

func (s *Service) exchange(parent context.Context) *exchange {
	ctx, stop := context.WithCancelCause(parent)
	ctx, rest := context.WithTimeoutCause(ctx, s.times.whole, errWhole)
	x := &exchange{ctx: ctx, stop: stop, rest: rest, time: s.times.idle}
	x.idle = time.AfterFunc(time.Hour, func() { stop(errIdle) })
	x.idle.Stop()
	return x
}

// request makes the request. u has passed unfit.
func (x *exchange) request(method string, u *url.URL, b io.Reader) *http.Request {
	r, err := http.NewRequestWithContext(x.ctx, method, u.String(), b)
	if err != nil {
		panic(err) // it was parsed before
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Accept-Encoding", "identity")
	return r
}

func (x *exchange) end() {
	x.idle.Stop()
	x.rest()
	x.stop(nil)
}

// body is a file that comes. It is a bound, and the deadline of each read.
type body struct {
	from  io.ReadCloser
	x     *exchange
	left  int64 // that may come
	s     *Service
	bytes prometheus.Counter
	end   func()
	err   error // of a read before
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (n int, err error) {
	if b.err != nil {
		return 0, b.err
	}
	b.x.idle.Reset(b.x.time)
	n, err = b.from.Read(p[:min(int64(len(p)), b.left+1)])
	b.x.idle.Stop()
	b.bytes.Add(float64(n))
	b.left -= int64(n)
	switch {
	case b.left < 0:
		n, err = n-1, b.s.metrics.refuse(wayFetch, tooLarge(b.s.cfg.MaxSize))
	case err != nil && !errors.Is(err, io.EOF):
		err = b.s.metrics.refuse(wayFetch, classify(b.x.ctx, err))
	}
	b.err = err
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.end()
	return b.from.Close()
}
