package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// webRig is a proxy before a server that says what it is told, and its client.
type webRig struct {
	*Web
	client http.Client
	told   []string
}

func newWebRig(t *testing.T, meddle func(*Exchange)) *webRig {
	t.Helper()
	r := &webRig{client: http.Client{Transport: &http.Transport{}}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.told = append(r.told, q.Method+" "+q.URL.String()+" "+string(body))
		w.Header().Set("X-Said", "yes")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	var err error
	if r.Web, err = ListenWeb(strings.TrimPrefix(s.URL, "http://"), meddle); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	t.Cleanup(r.client.CloseIdleConnections)
	return r
}

// put makes a request and returns the answer, as far as it comes.
func (r *webRig) put(t *testing.T, path, body string) (string, *http.Response, error) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+r.Address()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.client.Do(q)
	if err != nil {
		return "", nil, err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return string(text), a, err
}

func TestWebPass(t *testing.T) {
	var before *Exchange
	r := newWebRig(t, func(e *Exchange) {
		if before != nil {
			before.Repeat(t.Context())
		}
		before = e
		e.Pass()
		e.Give(e.Pass())
	})
	for _, body := range []string{"one", "two"} {
		text, a, err := r.put(t, "/a%2Fb?c=%26", body)
		if err != nil || text != body || a.StatusCode != http.StatusAccepted || a.Header.Get("X-Said") != "yes" {
			t.Errorf("%q %+v %v", text, a, err)
		}
	}
	const path = "PUT /a%2Fb?c=%26 "
	if got := strings.Join(r.told, ", "); got != path+"one, "+path+"one, "+path+"one, "+path+"two, "+path+"two" {
		t.Errorf("the server was told %s", got)
	}
}

func TestWebReset(t *testing.T) {
	r := newWebRig(t, func(e *Exchange) { e.Reset() })
	if _, _, err := r.put(t, "/", "x"); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("the end is %v", err)
	}
	if len(r.told) != 0 {
		t.Errorf("the server was told %q", r.told)
	}
}

func TestWebHalve(t *testing.T) {
	r := newWebRig(t, func(e *Exchange) { e.Halve(e.Pass()) })
	text, _, err := r.put(t, "/", "abcdef")
	if err == nil || len(text) > 3 || len(r.told) != 1 {
		t.Errorf("got %q %v, the server was told %q", text, err, r.told)
	}
}

func TestWebRefused(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	r := newWebRig(t, func(e *Exchange) { e.Give(e.Pass()) })
	r.to = strings.TrimPrefix(gone.URL, "http://")
	if _, _, err := r.put(t, "/", "x"); err == nil || r.Refused() != 1 {
		t.Errorf("%v, %d refused", err, r.Refused())
	}
}
