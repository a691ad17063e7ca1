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

// shelfRig is a Service whose Handler is asked, without a network in between.
type shelfRig struct {
	*rig
	opened int // by Handler's downloads, one after the other
}

// files serves what open gives, which counts.
func files(t testing.TB, open func(f bridges.File) (*bridges.Content, error)) *shelfRig {
	r := &shelfRig{rig: start(t, nil, times{})}
	r.Register(domain, func(_ context.Context, a bridges.AccountID, f bridges.File) (*bridges.Content, error) {
		r.opened++
		if a != alice || f.ID != "1" {
			t.Errorf("%s of %s is opened", f.ID, a)
		}
		return open(f)
	})
	return r
}

// path returns that of a link to file 1.
func (r *shelfRig) path(name, mediaType string, now time.Time) string {
	r.t.Helper()
	link, ok := r.Link(domain, alice, bridges.File{ID: "1", Name: name, Type: mediaType}, now)
	if !ok {
		r.t.Fatal("no link")
	}
	return strings.TrimPrefix(link, "https://c.example/x")
}

// ask does one request; headers are pairs.
func (r *shelfRig) ask(method, path string, headers ...string) *http.Response {
	q := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, q)
	return w.Result()
}

func (r *shelfRig) want(resp *http.Response, code int, body string) {
	r.t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != code || body != "" && string(text) != body {
		r.t.Errorf("%d %q, %v; want %d %q", resp.StatusCode, text, err, code, body)
	}
	for name, value := range harmless {
		if got := resp.Header.Get(name); got != value && name != "Cache-Control" {
			r.t.Errorf("%s is %q", name, got)
		}
	}
}

func text(s string) func(bridges.File) (*bridges.Content, error) {
	return func(bridges.File) (*bridges.Content, error) {
		return content(strings.NewReader(s), -1, "text/plain"), nil
	}
}

func TestHandler(t *testing.T) {
	r := files(t, text("hello"))
	path := r.path("a b.txt", "", time.Now())
	resp := r.ask("GET", path)
	r.want(resp, 200, "hello")
	h := resp.Header
	if h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Content-Disposition") != `inline; filename="a b.txt"` ||
		h.Get("Content-Length") != "5" || !strings.HasPrefix(h.Get("Cache-Control"), "private, max-age=86400") {
		t.Errorf("%v", h)
	}
	head := r.ask("HEAD", path)
	r.want(head, 200, "")
	if head.ContentLength != 5 {
		t.Errorf("HEAD: %v", head.Header)
	}
	r.want(r.ask("GET", path, "Range", "bytes=1-3"), 206, "ell")
	r.want(r.ask("GET", path, "Range", "bytes=3-"), 206, "lo")
	r.want(r.ask("GET", path, "Range", "bytes=-2", "If-Range", h.Get("ETag")), 206, "lo")
	r.want(r.ask("GET", path, "Range", "bytes=-2", "If-Range", `"other"`), 200, "hello")
	r.want(r.ask("GET", path, "Range", "bytes=9-"), 416, "")
	r.want(r.ask("GET", path, "Range", "bytes=0-,0-,0-,0-"), 200, "hello")
	r.want(r.ask("GET", path, "If-None-Match", h.Get("ETag")), 304, "")
	if r.opened != 1 {
		t.Errorf("it was fetched %d times", r.opened)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"} {
		resp := r.ask(method, path)
		if r.want(resp, 405, ""); resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %v", method, resp.Header)
		}
	}
}

// Links that were not made here, or are too old, open nothing.
func TestHandlerRefuses(t *testing.T) {
	r := files(t, func(bridges.File) (*bridges.Content, error) {
		t.Error("a file was opened")
		return nil, errors.New("no")
	})
	path := r.path("a.jpg", "", time.Now())
	parts := strings.Split(path, "/") // "", media, domain, token, name
	other := NewKey("other").token(domain, "a.jpg", claim{alice, "1", time.Now().Add(time.Hour)})
	to := func(s ...string) string { return "/" + strings.Join(s, "/") }
	for name, path := range map[string]string{
		"nothing":              "/media/",
		"no name":              to("media", domain, parts[3]),
		"an empty name":        to("media", domain, parts[3], ""),
		"another name":         to("media", domain, parts[3], "a.html"),
		"one part more":        path + "/a.jpg",
		"a path in the name":   to("media", domain, parts[3], "..%2Fa.jpg"),
		"up and down":          to("media", domain, parts[3], "x", "..", "a.jpg"),
		"a doubled slash":      "//media/" + domain + "/" + parts[3] + "/a.jpg",
		"another domain":       to("media", "sms.example.org", parts[3], "a.jpg"),
		"a domain in capitals": to("media", "MATRIX.example.org", parts[3], "a.jpg"),
		"another's key":        to("media", domain, other, "a.jpg"),
		"a token that is cut":  to("media", domain, parts[3][:20], "a.jpg"),
		"a token of a path":    to("media", domain, "..%2F..%2Fetc%2Fpasswd", "a.jpg"),
		"a zero byte":          to("media", domain+"%00a", parts[3], ".jpg"),
		"too long":             to("media", domain, strings.Repeat("A", 1<<16), "a.jpg"),
		"too old":              r.path("a.jpg", "", time.Now().Add(-linkLife-time.Second)),
	} {
		t.Run(name, func(t *testing.T) {
			resp := r.ask("GET", path)
			if r.want(resp, 404, ""); resp.Header.Get("Cache-Control") != "no-store" {
				t.Error("a refusal may be kept")
			}
		})
	}
}

// xeps.md 0066.1: what is harmless is shown, and nothing of a network becomes a
// page of ours.
func TestHandlerTypes(t *testing.T) {
	const png, gif, html = "\x89PNG\r\n\x1a\n....", "GIF89a....", "<!DOCTYPE html><script>alert(1)</script>"
	const svg, binary = "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "\x00\x01\x02\x03"
	for name, c := range map[string]struct {
		claimed, body, want string
		show                bool
	}{
		"a picture":                    {"image/png", png, "image/png", true},
		"another picture than it says": {"image/png", gif, "image/gif", true},
		"a picture that says page":     {"text/html", png, "image/png", true},
		"a page":                       {"text/html", html, unknown, false},
		"a page that says picture":     {"image/png", html, unknown, false},
		"a page that says text":        {"text/plain", html, unknown, false},
		"a page that says nothing":     {"", html, unknown, false},
		"a page behind blanks":         {"", strings.Repeat(" \n", 100) + html, unknown, false},
		"a page behind text":           {"text/html", strings.Repeat("x", 600) + html, unknown, false},
		"SVG":                          {"image/svg+xml", svg, unknown, false},
		"SVG that says picture":        {"image/png", svg, unknown, false},
		"SVG with a declaration":       {"", "<?xml version='1.0'?>" + svg, unknown, false},
		"XML":                          {"application/xhtml+xml", "<?xml version='1.0'?><html/>", unknown, false},
		"text":                         {"text/plain; charset=x", "hello", "text/plain; charset=utf-8", true},
		"a script":                     {"text/javascript", "alert(1)", unknown, false},
		"a style":                      {"text/css", "a{}", unknown, false},
		"PDF":                          {"application/pdf", "%PDF-1.7", "application/pdf", false},
		"a voice message":              {"audio/ogg; codecs=opus", "OggS\x00\x02", "audio/ogg", true},
		"sound in a film's container":  {"audio/webm", "\x1aE\xdf\xa3....", "audio/webm", true},
		"sound that cannot be seen":    {"audio/aac", binary, "audio/aac", true},
		"anything":                     {"application/x-strange", binary, unknown, false},
		"a type that cannot be read":   {"image/png\r\nX: y", binary, unknown, false},
		"nothing at all":               {"", "", "text/plain; charset=utf-8", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := files(t, func(bridges.File) (*bridges.Content, error) {
				return content(strings.NewReader(c.body), -1, c.claimed), nil
			})
			resp := r.ask("GET", r.path("x.html", "", time.Now()))
			r.want(resp, 200, c.body)
			disposition := "attachment"
			if c.show {
				disposition = "inline"
			}
			if h := resp.Header; h.Get("Content-Type") != c.want || h.Get("Content-Disposition") != disposition+"; filename=x.html" {
				t.Errorf("%v", h)
			}
		})
	}
}

// What the network says becomes an answer of HTTP, and is asked again the next
// time.
func TestHandlerOfMissingFiles(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"gone":       {&bridges.Error{Kind: bridges.NotFound, Text: "The file is gone."}, 404},
		"later":      {&bridges.Error{Kind: bridges.Temporary, Text: "Later.", After: time.Minute}, 503},
		"refused":    {&bridges.Error{Kind: bridges.Rejected, Text: "No."}, 502},
		"unreadable": {errors.New("secret words"), 503},
	} {
		t.Run(name, func(t *testing.T) {
			r := files(t, func(bridges.File) (*bridges.Content, error) { return nil, c.err })
			for i := range 2 {
				resp := r.ask("GET", r.path("a.jpg", "", time.Now()))
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != c.code || strings.Contains(string(body), "secret") || r.opened != i+1 {
					t.Errorf("%d %q, %v, opened %d times", resp.StatusCode, body, err, r.opened)
				}
				if again := resp.Header.Get("Retry-After"); name == "later" && again != "60" {
					t.Errorf("again after %q", again)
				}
			}
		})
	}
}
