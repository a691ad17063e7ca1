package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const file = "mxc://hs.example.org:8448/AbC_-9"

// readAll downloads a file.
func readAll(ctx context.Context, u *User, mxc string, limit int64) (string, string, error) {
	body, err := u.Download(ctx, mxc, limit)
	if err != nil {
		return "", "", err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return string(text), body.Type, err
}

func TestDownload(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		says(200, "pixels")(w, r)
	})
	text, kind, err := readAll(t.Context(), r.As(ghost), file, 6)
	if text != "pixels" || kind != "image/png" || err != nil {
		t.Errorf("got %q, %q, %v", text, kind, err)
	}
	a := r.only(t)
	if a.uri != "/_matrix/client/v1/media/download/hs.example.org:8448/AbC_-9"+as || a.auth != "Bearer "+token {
		t.Errorf("asked %+v", a)
	}
}

// Whatever says that it is a file and is none asks for nothing.
func TestHostileMXC(t *testing.T) {
	r := newRig(t, says(200, ""))
	for _, bad := range []string{
		"", "mxc://", "mxc://hs", "mxc://hs/", "mxc:///id", "http://hs/id", "mxc://hs/a/b", "mxc://hs/..", "mxc://../id", "mxc://./id",
		"mxc://hs/a?b", "mxc://hs/a#b", "mxc://hs/%2e", "mxc://hs/é", "mxc://h\x00s/a", "mxc://u@hs/a", "mxc://hs:x/a", "MXC://hs/a",
	} {
		_, err := r.As(ghost).Download(t.Context(), bad, 10)
		check(t, err, 0, "")
		if err == nil || len(r.asked) != 0 {
			t.Fatalf("%q is asked for", bad)
		}
	}
}

// The token stays with the homeserver, wherever it sends us, and what goes elsewhere
// goes by what judges that.
func TestDownloadElsewhere(t *testing.T) {
	var seen http.Header
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		if r.URL.Path == "/back" {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusTemporaryRedirect)
			return
		}
		says(200, "pixels")(w, r)
	}))
	defer elsewhere.Close()
	var went []string
	judge := carrier(func(r *http.Request) (*http.Response, error) {
		went = append(went, r.URL.Path)
		if r.URL.Path == "/forbidden" {
			return nil, errors.New("not there")
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	for _, status := range []int{302, 307, 308} {
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/x?signed=1", status)
		})
		r.elsewhere = judge
		text, _, err := readAll(t.Context(), r.As(ghost), file, 10)
		if text != "pixels" || err != nil || len(seen["Authorization"]) != 0 {
			t.Errorf("%d: got %q, %v; there they saw %v", status, text, err, seen)
		}
	}
	// And back again: who is sent home from elsewhere is a stranger there.
	var r *rig
	r = newRig(t, func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, elsewhere.URL+"/back?to="+r.server.URL+"/home", http.StatusTemporaryRedirect)
	}, says(200, "home"))
	r.elsewhere = judge
	text, _, err := readAll(t.Context(), r.As(ghost), file, 10)
	if text != "home" || err != nil || len(seen["Authorization"]) != 0 || r.asked[1].auth != "" {
		t.Errorf("got %q, %v; asked %+v", text, err, r.asked)
	}
	if want := []string{"/x", "/x", "/x", "/back", "/home"}; !slices.Equal(went, want) {
		t.Errorf("went to %q, not %q", went, want)
	}
	for status, e := range map[int]http.RoundTripper{http.StatusBadGateway: judge, http.StatusMisdirectedRequest: nil} {
		r := newRig(t, func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, elsewhere.URL+"/forbidden", http.StatusTemporaryRedirect)
		})
		r.elsewhere = e
		_, err := r.As(ghost).Download(t.Context(), file, 10)
		check(t, err, status, "")
	}
}

// carrier is a function that carries requests.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// Redirects that lead nowhere, and to where no file is.
func TestDownloadAstray(t *testing.T) {
	to := func(place string) answer {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{place}
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}
	for place, c := range map[string]struct{ status, asked int }{
		"/round":            {http.StatusLoopDetected, hops + 1},
		"file:///etc/group": {307, 1},
		"gopher://hs/":      {307, 1},
		"http://":           {307, 1},
		"http://%zz":        {307, 1},
		"":                  {307, 1},
	} {
		r := newRig(t, to(place))
		_, err := r.As(ghost).Download(t.Context(), file, 10)
		check(t, err, c.status, "")
		if len(r.asked) != c.asked {
			t.Errorf("%q: %d requests", place, len(r.asked))
		}
	}
}

func TestDownloadFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		step   answer
		status int
		code   string
	}{
		{"too large by its own word", claims, 413, "M_TOO_LARGE"},
		{"not there yet", says(504, `{"errcode":"M_NOT_YET_UPLOADED","error":"wait"}`), 504, "M_NOT_YET_UPLOADED"},
		{"gone", says(404, `{"errcode":"M_NOT_FOUND","error":"no"}`), 404, "M_NOT_FOUND"},
		{"an error without an end", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			floods(w, r)
		}, 502, ""},
		{"cut", hangUp, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.step)
			_, err := r.As(ghost).Download(t.Context(), file, 10)
			check(t, err, c.status, c.code)
		})
	}
}

// A file that does not say how long it is ends at the limit.
func TestDownloadTooLong(t *testing.T) {
	r := newRig(t, floods)
	text, _, err := readAll(t.Context(), r.As(ghost), file, 100)
	if !errors.Is(err, errTooLong) || len(text) != 100 {
		t.Errorf("got %d bytes, %v", len(text), err)
	}
}

// stalls sends a piece and then nothing.
func stalls(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "pix")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// A file that stands still is given up, in the middle and before it begins.
func TestDownloadStalls(t *testing.T) {
	r := newRig(t, stalls)
	r.stall = 100 * time.Millisecond
	text, _, err := readAll(t.Context(), r.As(ghost), file, 100)
	if err == nil || text != "pix" && text != "" {
		t.Errorf("got %q, %v", text, err)
	}
}

// Whoever takes the pieces slowly gets them all: only the network must move.
func TestDownloadSlowReader(t *testing.T) {
	r := newRig(t, says(200, strings.Repeat("x", 1<<20)))
	body, err := r.As(ghost).Download(t.Context(), file, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if d := body.ReadCloser.(*download); d.watch.timer.Stop() {
		t.Error("the clock runs while nobody reads")
	}
	if n, err := io.Copy(io.Discard, iotest.OneByteReader(io.LimitReader(body, 99))); n != 99 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if d := body.ReadCloser.(*download); d.watch.timer.Stop() {
		t.Error("the clock runs between two pieces")
	}
}

func TestUpload(t *testing.T) {
	r := newRig(t, says(200, `{"content_uri":"mxc://hs/1"}`))
	mxc, err := r.As(ghost).Upload(t.Context(), iotest.OneByteReader(strings.NewReader("pix")), 6, "image/png", "a b/ü.png")
	if err == nil { // less than was promised
		t.Errorf("got %q", mxc)
	}
	r = newRig(t, says(200, `{"content_uri":"mxc://hs/1"}`))
	for _, text := range []string{"pixels", ""} {
		mxc, err = r.As(ghost).Upload(t.Context(), strings.NewReader(text), int64(len(text)), "image/png", "a b/ü.png")
		if mxc != "mxc://hs/1" || err != nil {
			t.Errorf("got %q, %v", mxc, err)
		}
	}
	want := asked{"", "POST", "/_matrix/media/v3/upload?filename=a+b%2F%C3%BC.png&" + as[1:], "Bearer " + token, "image/png", "pixels"}
	for i, text := range []string{"pixels", ""} {
		a := r.asked[i]
		a.peer, want.body = "", text
		if a != want {
			t.Errorf("asked %+v", a)
		}
	}
}

func TestUploadFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		step   answer
		status int
		code   string
	}{
		{"too large", says(413, `{"errcode":"M_TOO_LARGE","error":"no"}`), 413, "M_TOO_LARGE"},
		{"no JSON", says(200, "<html>"), 200, ""},
		{"10 GB by its own word", claims, 0, ""},
		{"cut", hangUp, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.step)
			_, err := r.As(ghost).Upload(t.Context(), strings.NewReader("pixels"), 6, "image/png", "")
			check(t, err, c.status, c.code)
			if len(r.asked) != 1 {
				t.Errorf("%d requests", len(r.asked))
			}
		})
	}
}

// borrowed is a file that must not be read once it is given back.
type borrowed struct {
	t    *testing.T
	back bool
	io.Reader
}

func (b *borrowed) Read(p []byte) (int, error) {
	if b.back {
		b.t.Error("read after the return")
	}
	return b.Reader.Read(p)
}

// A homeserver may refuse a file while it comes; then nobody reads on. The race
// detector looks at back.
func TestUploadGivesBack(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		says(413, `{"errcode":"M_TOO_LARGE"}`)(w, nil)
	}))
	defer server.Close()
	h, err := New(Config{URL: server.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for range 20 {
		b := &borrowed{t: t, Reader: bytes.NewReader(make([]byte, 8<<20))}
		if _, err := h.As(ghost).Upload(t.Context(), b, 8<<20, "image/png", ""); err == nil {
			t.Error("taken")
		}
		b.back = true
	}
}
