package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"causeway/bridges"
)

func TestFetch(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		for _, h := range []string{"Cookie", "Authorization", "Referer"} {
			if v := r.Header.Get(h); v != "" {
				t.Errorf("%s is sent: %q", h, v)
			}
		}
		w.Header().Set("Content-Type", "image/PNG; charset=x")
		if r.URL.Path == "/named" {
			w.Header().Set("Content-Disposition", `attachment; filename="../b c.png"`)
		}
		if r.URL.Path != "/" {
			w.Header().Set("Content-Length", "5")
		}
		io.WriteString(w, "hello")
		w.(http.Flusher).Flush()
	}, times{})
	for path, want := range map[string]struct {
		name string
		size int64
	}{
		"/a%20b.png?x=y#key": {"a b.png", 5}, "/named": {"b c.png", 5}, "/": {"", -1},
	} {
		c, err := r.Fetch(soon(t), alice, r.web.URL+path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(c)
		if string(text) != "hello" || err != nil || c.Type != "image/png" || c.Name != want.name || c.Size != want.size {
			t.Errorf("%s: %q, %v, %+v", path, text, err, c)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if r.bytes(wayFetch) != 15 {
		t.Errorf("%d bytes are counted", r.bytes(wayFetch))
	}
	if len(r.fetches.held) != 0 {
		t.Error("a turn is still held")
	}
}

// Links that lead where nobody from outside may go.
func TestFetchRefuses(t *testing.T) {
	var asked atomic.Int64
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer secret.Close()
	port := secret.URL[len("http://127.0.0.1"):]
	for name, c := range map[string]struct {
		link, reason string
		kind         bridges.Kind
	}{
		"loopback":              {"http://127.0.0.1" + port, reasonAddress, bridges.NotAllowed},
		"loopback, with TLS":    {"https://127.0.0.1" + port, reasonAddress, bridges.NotAllowed},
		"by a name":             {"http://localhost" + port, reasonAddress, bridges.NotAllowed},
		"by a name, with TLS":   {"https://localhost" + port, reasonAddress, bridges.NotAllowed},
		"IPv4-mapped":           {"https://[::ffff:127.0.0.1]" + port, reasonAddress, bridges.NotAllowed},
		"IPv4-mapped, in hex":   {"https://[::ffff:7f00:1]" + port, reasonAddress, bridges.NotAllowed},
		"this host":             {"https://0.0.0.0" + port, reasonAddress, bridges.NotAllowed},
		"this host, IPv6":       {"https://[::]" + port, reasonAddress, bridges.NotAllowed},
		"cloud metadata":        {"https://169.254.169.254/latest/meta-data", reasonAddress, bridges.NotAllowed},
		"NAT64":                 {"https://[64:ff9b::7f00:1]/", reasonAddress, bridges.NotAllowed},
		"0066.5 public, no TLS": {"http://8.8.8.8/", reasonAddress, bridges.NotAllowed},
		"a password":            {"https://a:b@u.example/", reasonURL, bridges.Rejected},
		"an encrypted file":     {"aesgcm://u.example/a.jpg#00", reasonURL, bridges.Rejected},
		"a file of this host":   {"file:///etc/passwd", reasonURL, bridges.Rejected},
		"no host":               {"https:///etc/passwd", reasonURL, bridges.Rejected},
		"a port that cannot be": {"https://u.example:0/", reasonURL, bridges.Rejected},
		"not a URL":             {"https://u.example/%zz", reasonURL, bridges.Rejected},
		"a link without an end": {"https://u.example/" + strings.Repeat("x", maxURL), reasonURL, bridges.Rejected},
		"a host that cannot be": {"https://a..b.invalid/", reasonName, bridges.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, http.NotFound, times{})
			got, err := r.Fetch(soon(t), alice, c.link)
			if err == nil {
				got.Close()
			}
			r.refused(err, c.kind, wayFetch, c.reason)
		})
	}
	if asked.Load() != 0 {
		t.Error("the server was asked")
	}
}

// What a server answers that is not the file.
func TestFetchStatus(t *testing.T) {
	for code, want := range map[int]bridges.Kind{
		204: bridges.Rejected, 206: bridges.Rejected, 304: bridges.Rejected, 401: bridges.Rejected, 403: bridges.Rejected,
		404: bridges.NotFound, 410: bridges.NotFound, 408: bridges.Temporary, 429: bridges.Temporary, 500: bridges.Temporary, 503: bridges.Temporary,
	} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			r := start(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(code)
			}, times{})
			_, err := r.Fetch(soon(t), alice, r.web.URL)
			r.refused(err, want, wayFetch, reasonStatus)
			var e *bridges.Error
			if errors.As(err, &e) && (e.After == 7*time.Second) != (want == bridges.Temporary) {
				t.Errorf("again after %v", e.After)
			}
		})
	}
}

// Files that are larger than may be, as they say or not.
func TestFetchSize(t *testing.T) {
	for name, c := range map[string]struct {
		length string
		body   int64
		fits   bool
	}{
		"just so":                 {"", most, true},
		"just so, declared":       {fmt.Sprint(most), most, true},
		"a byte more":             {"", most + 1, false},
		"a byte more, declared":   {fmt.Sprint(most + 1), 1, false},
		"10 GB by Content-Length": {"10000000000", 1, false},
		"without an end":          {"", 1 << 40, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.length != "" {
					w.Header().Set("Content-Length", c.length)
				}
				io.CopyN(w, zeros{}, c.body)
			}, times{})
			got, err := r.Fetch(soon(t), alice, r.web.URL)
			var n int64
			if err == nil {
				defer got.Close()
				n, err = io.Copy(io.Discard, got)
			}
			if c.fits {
				if n != most || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
				return
			}
			r.refused(err, bridges.TooLong, wayFetch, reasonSize)
			if n > most {
				t.Errorf("%d bytes were read", n)
			}
		})
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A compressed answer, which nobody asked for, is not unpacked: a kilobyte may
// be a gigabyte then.
func TestFetchGzipBomb(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Accept-Encoding"); a != "identity" {
			t.Errorf("%q is accepted", a)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write([]byte{0x1f, 0x8b})
	}, times{})
	_, err := r.Fetch(soon(t), alice, r.web.URL)
	r.refused(err, bridges.Rejected, wayFetch, reasonEncoding)
}

// A server that stops in the middle, or before its first byte.
func TestFetchSlow(t *testing.T) {
	for name, h := range map[string]func(http.ResponseWriter){
		"no head": func(http.ResponseWriter) {},
		"no body": func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"half a body": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "hello")
			w.(http.Flusher).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(w http.ResponseWriter, r *http.Request) { h(w); <-r.Context().Done() },
				times{idle: 50 * time.Millisecond, header: 500 * time.Millisecond})
			c, err := r.Fetch(soon(t), alice, r.web.URL)
			if err == nil {
				defer c.Close()
				_, err = io.Copy(io.Discard, c)
			}
			reason := reasonTime
			if name == "no head" {
				reason = reasonNetwork // the transport's own deadline
			}
			r.refused(err, bridges.Temporary, wayFetch, reason)
		})
	}
}

// A server that always has one more byte, but never the file.
func TestFetchTrickle(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
		}
	}, times{whole: 100 * time.Millisecond})
	r.cfg.MaxSize = 1 << 40
	c, err := r.Fetch(soon(t), alice, r.web.URL)
	if err == nil {
		defer c.Close()
		_, err = io.Copy(io.Discard, c)
	}
	r.refused(err, bridges.Temporary, wayFetch, reasonTime)
}

// A head without an end costs 64 KiB.
func TestFetchEndlessHead(t *testing.T) {
	var sent atomic.Int64
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(buf, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			var n int
			n, err = io.WriteString(buf, "X-More: "+strings.Repeat("x", 1000)+"\r\n")
			sent.Add(int64(n))
		}
	}, times{})
	_, err := r.Fetch(soon(t), alice, r.web.URL)
	r.refused(err, bridges.Temporary, wayFetch, reasonNetwork)
}

// A connection that ends early is no end of the file.
func TestFetchCut(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "hello")
	}, times{})
	c, err := r.Fetch(soon(t), alice, r.web.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = io.ReadAll(c)
	r.refused(err, bridges.Temporary, wayFetch, reasonNetwork)
	if _, again := c.Read(make([]byte, 1)); again == nil || again == io.EOF {
		t.Errorf("read once more: %v", again)
	}
}

// An account has four files open at a time; it waits, and others do not.
func TestFetchTurns(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") }, times{})
	var open []*bridges.Content
	fetch := func(ctx context.Context, a bridges.AccountID) error {
		c, err := r.Fetch(ctx, a, r.web.URL)
		if err == nil {
			open = append(open, c)
		}
		return err
	}
	for range atOnce {
		if err := fetch(soon(t), alice); err != nil {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithCancel(soon(t))
	cancel()
	if err := fetch(over, alice); bridges.KindOf(err) != bridges.Temporary {
		t.Errorf("the fifth: %v", err)
	}
	if err := fetch(soon(t), "bob@example.org"); err != nil {
		t.Errorf("another account: %v", err)
	}
	open[0].Close()
	open[0].Close() // gives one turn back, not two
	if err := fetch(soon(t), alice); err != nil {
		t.Errorf("after one was closed: %v", err)
	}
	if err := fetch(over, alice); bridges.KindOf(err) != bridges.Temporary {
		t.Errorf("the fifth again: %v", err)
	}
	for _, c := range open {
		c.Close()
	}
	if len(r.fetches.held) != 0 {
		t.Error("a turn is still held")
	}
}

// What is read ends with the context that it was opened with.
func TestFetchEndsWithContext(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() }, times{})
	ctx, cancel := context.WithCancel(soon(t))
	c, err := r.Fetch(ctx, alice, r.web.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	if _, err := c.Read(make([]byte, 1)); bridges.KindOf(err) != bridges.Temporary {
		t.Error(err)
	}
}
