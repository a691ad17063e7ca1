package client

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// answerBytes bounds the answer to a call: 100 events of 64 KiB twice, or the
// members of a large room.
const answerBytes = 16 << 20

// errTooLong says that an answer is longer than it may be.
var errTooLong = errors.New("the answer is too long")

// try is the way of one request. gomatrix knows neither contexts nor bounds, and
// keeps no headers.
type try struct {
	ctx       context.Context
	transport http.RoundTripper
	bytes     int64          // of the answer at most
	answer    *http.Response // nil: none came
}

// RoundTrip sends the request. The body of the answer is bounded.
func (t *try) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := t.transport.RoundTrip(r.WithContext(t.ctx))
	if err != nil {
		return nil, err
	}
	t.answer = a
	raw := a.Body
	a.Body = &bounded{ReadCloser: raw, left: t.bytes}
	if a.ContentLength > t.bytes {
		return nil, errors.Join(errTooLong, raw.Close())
	}
	return a, nil
}

// bounded is a body of which at most left bytes can be read; then it fails.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errTooLong
	}
	return n, err
}

// Close reads what is left of a short rest, so that the connection stays.
func (b *bounded) Close() error {
	_, _ = io.CopyN(io.Discard, b.ReadCloser, 1<<10)
	return b.ReadCloser.Close()
}
