package media

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"causeway/bridges"
)

// hopper redirects N times from /N, then has a file.
func hopper(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if v := r.Header.Get("Referer"); v != "" {
			t.Errorf("Referer is sent: %q", v)
		}
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil || n == 0 {
			io.WriteString(w, "hello")
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		if _, err := r.Cookie("a"); err == nil {
			t.Error("a cookie is sent")
		}
		http.Redirect(w, r, "/"+strconv.Itoa(n-1), http.StatusFound)
	}
}

func TestRedirects(t *testing.T) {
	r := start(t, hopper(t), times{})
	c, err := r.Fetch(soon(t), alice, r.web.URL+"/5")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if text, err := io.ReadAll(c); string(text) != "hello" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	_, err = r.Fetch(soon(t), alice, r.web.URL+"/6")
	r.refused(err, bridges.Rejected, wayFetch, reasonRedirect)
}

// Guarded goes where files are fetched from, hop by hop.
func TestGuarded(t *testing.T) {
	r := start(t, hopper(t), times{})
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }))
	defer secret.Close()
	for place, want := range map[string]int{r.web.URL + "/0": http.StatusOK, r.web.URL + "/1": http.StatusFound, secret.URL: 0} {
		q, err := http.NewRequestWithContext(soon(t), http.MethodGet, place, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		status := 0
		if a, err := r.Guarded().RoundTrip(q); err == nil {
			status = a.StatusCode
			a.Body.Close()
		}
		if status != want {
			t.Errorf("%s: status %d, not %d", place, status, want)
		}
	}
}

// Each hop is judged like a link.
func TestRedirectRefused(t *testing.T) {
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }))
	defer secret.Close()
	for name, c := range map[string]struct {
		to, reason string
		kind       bridges.Kind
	}{
		"to a private address": {secret.URL, reasonAddress, bridges.NotAllowed},
		"to one with TLS":      {strings.Replace(secret.URL, "http", "https", 1), reasonAddress, bridges.NotAllowed},
		"to cloud metadata":    {"http://169.254.169.254/", reasonAddress, bridges.NotAllowed},
		"to public, no TLS":    {"http://8.8.8.8/", reasonAddress, bridges.NotAllowed},
		"with a password":      {"https://a:b@u.example/", reasonRedirect, bridges.Rejected},
		"to a file":            {"file:///etc/passwd", reasonRedirect, bridges.Rejected},
		"to no host":           {"https:///", reasonRedirect, bridges.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", c.to)
				w.WriteHeader(http.StatusTemporaryRedirect)
			}, times{})
			_, err := r.Fetch(soon(t), alice, r.web.URL)
			r.refused(err, c.kind, wayFetch, c.reason)
		})
	}
}

// Errors go to the log, and the address of a file is a secret: of it they have the host.
func TestErrorsHaveNoAddress(t *testing.T) {
	const inside = "/secret/a.png?token=secret"
	var to string
	r := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}, times{})
	gone := httptest.NewServer(http.NotFoundHandler())
	r.cfg.Private = append(r.cfg.Private, placeOf(t, gone))
	r.connect()
	gone.Close()
	host := strings.TrimPrefix(gone.URL, "http://")
	for name, c := range map[string]struct{ from, to, want string }{
		"nobody answers":          {gone.URL, "", host},
		"nor where it has moved":  {r.web.URL, gone.URL + inside, host},
		"moved to a private one":  {r.web.URL, "http://10.0.0.1" + inside, "10.0.0.1"},
		"moved to what is no URL": {r.web.URL, "http://[" + inside, "no URL"},
	} {
		to = c.to
		_, fetched := r.Fetch(soon(t), alice, c.from+inside)
		put := r.Put(soon(t), Slot{URL: c.from + inside}, strings.NewReader("hello"), 5, "image/png")
		for _, err := range []error{fetched, put} {
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !strings.Contains(fetched.Error(), c.want) {
			t.Errorf("%s: %v does not say %s", name, fetched, c.want)
		}
	}
}

// trust has the clients of r know the certificate of a server, and where it is.
func (r *rig) trust(web *httptest.Server) {
	r.cfg.Private = append(r.cfg.Private, placeOf(r.t, web))
	r.connect()
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	r.get.Transport.(hops).secure.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
}

// A link that begins with TLS keeps it, even to places that need none.
func TestRedirectKeepsTLS(t *testing.T) {
	r := start(t, func(http.ResponseWriter, *http.Request) { t.Error("asked without TLS") }, times{})
	safe := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/down":
			http.Redirect(w, q, r.web.URL, http.StatusFound)
		case "/on":
			http.Redirect(w, q, "/", http.StatusFound)
		default:
			io.WriteString(w, "hello")
		}
	}))
	defer safe.Close()
	r.trust(safe)
	c, err := r.Fetch(soon(t), alice, safe.URL+"/on")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	_, err = r.Fetch(soon(t), alice, safe.URL+"/down")
	r.refused(err, bridges.Rejected, wayFetch, reasonRedirect)
}

// A certificate that is not to be trusted is not tried again.
func TestCertificate(t *testing.T) {
	r := start(t, http.NotFound, times{})
	safe := httptest.NewUnstartedServer(http.NotFoundHandler())
	safe.Config.ErrorLog = log.New(io.Discard, "", 0)
	safe.StartTLS()
	defer safe.Close()
	r.cfg.Private = append(r.cfg.Private, placeOf(t, safe))
	r.connect()
	_, err := r.Fetch(soon(t), alice, safe.URL)
	r.refused(err, bridges.Rejected, wayFetch, reasonCertificate)
}

// The environment does not decide where requests go.
func TestNoProxy(t *testing.T) {
	r := start(t, http.NotFound, times{})
	for _, c := range []*http.Client{r.get, r.put} {
		hop := c.Transport.(hops)
		if c.Jar != nil || hop.plain.(*http.Transport).Proxy != nil || hop.secure.(*http.Transport).Proxy != nil {
			t.Error("a proxy or a jar of cookies")
		}
	}
}
