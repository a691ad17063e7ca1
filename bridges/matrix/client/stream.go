package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// watch ends the context of a file that stands still.
type watch struct {
	timer  *time.Timer
	cancel context.CancelCauseFunc
	stall  time.Duration
}

// errStalled is why.
var errStalled = errors.New("nothing moved for too long")

func newWatch(ctx context.Context, stall time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{cancel: cancel, stall: stall}
	w.timer = time.AfterFunc(stall, func() { cancel(errStalled) })
	return ctx, w
}

// move begins to wait for the next piece, rest ends it: whoever takes the pieces
// may take his time.
func (w *watch) move() { w.timer.Reset(w.stall) }
func (w *watch) rest() { w.timer.Stop() }

// end gives everything back.
func (w *watch) end() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}

// download is the body of a file on its way to us.
type download struct {
	bounded
	watch *watch
}

func (d *download) Read(p []byte) (int, error) {
	d.watch.move()
	defer d.watch.rest()
	return d.bounded.Read(p)
}

func (d *download) Close() error {
	d.watch.end()
	return d.bounded.ReadCloser.Close()
}

// upload is the body of a file on its way out. HTTP may read on after the answer;
// once closed, there is nothing more for it.
type upload struct {
	watch *watch

	mu sync.Mutex
	r  io.Reader // nil: closed
}

func (b *upload) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, io.ErrClosedPipe
	}
	b.watch.move()
	return b.r.Read(p)
}

// Close waits for a Read.
func (b *upload) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	return nil
}

// post sends a body that is no JSON.
func (h *Homeserver) post(ctx context.Context, address string, body io.Reader, size int64, kind string, to any) *Error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return &Error{Text: "the file has no address", Cause: err}
	}
	if r.ContentLength = size; size == 0 {
		r.Body = http.NoBody // zero and a body is an unknown length
	}
	r.Header.Set("Content-Type", kind)
	h.authorize(r)
	a, err := (&try{ctx: ctx, transport: h.transport, bytes: h.bytes}).RoundTrip(r)
	if err != nil {
		return &Error{Text: "the homeserver does not answer", Cause: err}
	}
	if a.StatusCode/100 != 2 {
		return rejected(a)
	}
	defer a.Body.Close()
	if err := json.NewDecoder(a.Body).Decode(to); err != nil {
		return &Error{Status: a.StatusCode, Text: "the homeserver's answer cannot be read", Cause: err}
	}
	return nil
}
