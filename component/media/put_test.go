package media

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
)

// xeps.md 0363.3: the upload has the headers of the slot, the exact length and
// the type.
func TestPut(t *testing.T) {
	for _, code := range []int{http.StatusCreated, http.StatusOK} {
		for _, text := range []string{"hello", ""} {
			r := start(t, func(w http.ResponseWriter, r *http.Request) {
				got, err := io.ReadAll(r.Body)
				if string(got) != text || err != nil || r.Method != http.MethodPut || r.ContentLength != int64(len(text)) ||
					r.Header.Get("Content-Type") != "image/png" || r.Header.Get("Authorization") != "Bearer x" || len(r.TransferEncoding) != 0 {
					t.Errorf("0363.3: %s %q, %v, %d, %v", r.Method, got, err, r.ContentLength, r.Header)
				}
				w.WriteHeader(code)
			}, times{})
			slot := Slot{URL: r.web.URL + "/a.png", Header: http.Header{"Authorization": {"Bearer x"}}}
			if err := r.Put(soon(t), slot, strings.NewReader(text), int64(len(text)), "image/png"); err != nil {
				t.Error(err)
			}
			if r.bytes(wayPut) != len(text) {
				t.Errorf("%d bytes are counted", r.bytes(wayPut))
			}
		}
	}
}

// What a server answers that does not take the file, and how it says so.
func TestPutStatus(t *testing.T) {
	for code, want := range map[int]bridges.Kind{
		202: bridges.Rejected, 204: bridges.Rejected, 302: bridges.Rejected, 400: bridges.Rejected, 403: bridges.Rejected, 413: bridges.TooLong,
		429: bridges.Temporary, 500: bridges.Temporary, 507: bridges.Temporary,
	} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			r := start(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					t.Error("a redirect was followed")
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(code)
			}, times{expect: time.Minute})
			from := &endless{}
			err := r.Put(soon(t), Slot{URL: r.web.URL + "/"}, io.LimitReader(from, 100_000), 100_000, "")
			from.over = true // after Put nobody reads it: the race detector sees it
			r.refused(err, want, wayPut, reasonStatus)
		})
	}
}

// endless is a file without an end, until it is over.
type endless struct {
	zeros
	over bool
}

func (e *endless) Read(p []byte) (int, error) {
	if e.over {
		return 0, io.EOF
	}
	return e.zeros.Read(p)
}

// A slot is trusted no more than a link.
func TestPutRefuses(t *testing.T) {
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }))
	defer secret.Close()
	for name, c := range map[string]struct {
		url, reason string
		size        int64
		kind        bridges.Kind
	}{
		"a private address":    {secret.URL, reasonAddress, 1, bridges.NotAllowed},
		"without TLS":          {"http://8.8.8.8/", reasonAddress, 1, bridges.NotAllowed},
		"a password":           {"https://a:b@u.example/", reasonURL, 1, bridges.Rejected},
		"larger than may be":   {secret.URL, reasonSize, most + 1, bridges.TooLong},
		"not a URL of HTTP":    {"ftp://u.example/", reasonURL, 1, bridges.Rejected},
		"no URL":               {"", reasonURL, 1, bridges.Rejected},
		"a host that is a dot": {"https://./", reasonName, 1, bridges.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, http.NotFound, times{})
			r.refused(r.Put(soon(t), Slot{URL: c.url}, zeros{}, c.size, ""), c.kind, wayPut, c.reason)
		})
	}
}

// broken fails in the middle.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// When the file itself fails, that is the error; when it is not as long as was
// said, the server does not take it for whole.
func TestPutOfBrokenFile(t *testing.T) {
	gone := &bridges.Error{Kind: bridges.NotFound, Text: "gone"}
	for name, c := range map[string]struct {
		from io.Reader
		size int64
		want error
	}{
		"fails at once": {broken{gone}, 5, gone},
		"fails later":   {io.MultiReader(strings.NewReader("hel"), broken{gone}), 5, gone},
		"too short":     {strings.NewReader("hel"), 5, nil},
		"too long":      {strings.NewReader("hello!"), 5, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(w http.ResponseWriter, r *http.Request) {
				if text, err := io.ReadAll(r.Body); err == nil && string(text) != "hello" {
					t.Errorf("the server has %q", text)
				}
				w.WriteHeader(http.StatusCreated)
			}, times{})
			err := r.Put(soon(t), Slot{URL: r.web.URL}, c.from, c.size, "")
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// A server that takes nothing, or does not answer.
func TestPutSlow(t *testing.T) {
	done := make(chan struct{})
	for name, size := range map[string]int64{"takes nothing": 1 << 30, "answers nothing": 10} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(_ http.ResponseWriter, r *http.Request) {
				if size == 10 {
					io.Copy(io.Discard, r.Body)
				}
				<-done
			}, times{idle: 50 * time.Millisecond, header: 500 * time.Millisecond})
			defer func() { done <- struct{}{} }()
			r.cfg.MaxSize = 1 << 30
			err := r.Put(soon(t), Slot{URL: r.web.URL}, io.LimitReader(zeros{}, size), size, "")
			if bridges.KindOf(err) != bridges.Temporary {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// An upload ends with its context.
func TestPutEndsWithContext(t *testing.T) {
	begun, done := make(chan struct{}), make(chan struct{})
	r := start(t, func(http.ResponseWriter, *http.Request) { close(begun); <-done }, times{})
	defer close(done)
	ctx, cancel := context.WithCancel(soon(t))
	go func() { <-begun; cancel() }()
	if err := r.Put(ctx, Slot{URL: r.web.URL}, zeros{}, most, ""); bridges.KindOf(err) != bridges.Temporary {
		t.Error(err)
	}
}
