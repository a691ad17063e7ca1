package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Slot is where a file may be put: upload.Slot without the address to get it.
type Slot struct {
	URL    string
	Header http.Header
}

// Put uploads size bytes of from, which must have as many, to a slot
// (XEP-0363, section 6). It blocks until the server has them, a read of from
// that is under way is over, and at the latest soon after ctx ends, if that
// ends such a read, too. It does not close from. A slot is trusted no more than
// a link: an upload service on a private address, or without TLS, must be one
// of Config.Private, as must be what users upload there, to be fetched. The
// error is as Fetch's, or what reading from returned.
func (s *Service) Put(ctx context.Context, slot Slot, from io.Reader, size int64, mediaType string) error {
	return s.metrics.refuse(wayPut, s.upload(ctx, slot, from, size, mediaType))
}

func (s *Service) upload(ctx context.Context, slot Slot, from io.Reader, size int64, mediaType string) error {
	if size > s.cfg.MaxSize {
		return tooLarge(s.cfg.MaxSize)
	}
	u, err := target(slot.URL)
	if err != nil {
		return err
	}
	x := s.exchange(ctx)
	defer x.end()
	// The transport reads on behind the last byte, to the end that there may not be.
	b := &upload{from: io.LimitReader(from, size+1), x: x, bytes: s.metrics.begins(wayPut)}
	defer b.Close()
	r := x.request(http.MethodPut, u, b)
	if r.ContentLength = size; size == 0 {
		r.Body = http.NoBody // else 0 means unknown
	}
	r.Header.Set("Content-Type", mediaType)
	r.Header.Set("Expect", "100-continue") // a server that refuses says so before it closes the connection
	for name, values := range slot.Header {
		r.Header[name] = values
	}
	resp, err := s.put.Do(r)
	if err != nil {
		if own := b.failed(); own != nil {
			return own
		}
		return classify(x.ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusOK { // xeps.md 0363.3
		return unwelcome(resp)
	}
	if !b.was(size) {
		return unread(fmt.Errorf("it is longer than %d bytes, as was said", size))
	}
	return nil
}

// upload is a file that goes: the deadline runs while the server takes nothing.
type upload struct {
	x     *exchange
	bytes prometheus.Counter

	mu   sync.Mutex
	from io.Reader // nil: closed
	sent int64
	err  error // of from
}

// Read implements io.Reader.
func (u *upload) Read(p []byte) (n int, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.from == nil {
		return 0, errors.New("media: the upload is over")
	}
	u.x.idle.Stop()
	n, err = u.from.Read(p)
	u.x.idle.Reset(u.x.time)
	u.bytes.Add(float64(n))
	u.sent += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}

// Close waits for a read that is under way; afterwards there is none. The
// transport may still want to read when it has returned an answer.
func (u *upload) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.from = nil
	u.x.idle.Stop()
	return nil
}

// was tells whether the file ended with that size: the server may have answered
// before anybody looked.
func (u *upload) was(size int64) bool {
	_, _ = u.Read(make([]byte, 1)) // its error does not matter any more
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sent == size
}

// failed returns why the file itself could not be read.
func (u *upload) failed() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}
