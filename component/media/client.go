package media

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"causeway/bridges"
)

const (
	maxURL       = 4 << 10
	maxRedirects = 5
	maxHead      = 64 << 10 // of an answer, in bytes
	userAgent    = "Causeway"
	notThere     = "The file is not where the link says."
)

// connect makes the clients. Neither has cookies, passwords or a proxy.
func (s *Service) connect() {
	hop := hops{
		plain:  s.transport(guard{s.cfg.Private, false}),
		secure: s.transport(guard{s.cfg.Private, true}),
	}
	s.get = &http.Client{Transport: hop, CheckRedirect: redirect}
	s.put = &http.Client{Transport: hop, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a slot is where it is
	}}
}

// Guarded carries single requests to addresses that others have chosen, as files are
// fetched: an address where none may be had from is an error. It follows nothing.
func (s *Service) Guarded() http.RoundTripper { return s.get.Transport }

// transport makes connections for one exchange each, so that none is used that
// another guard let pass.
func (s *Service) transport(g guard) *http.Transport {
	d := &net.Dialer{Timeout: s.times.dial, Control: g.control}
	return &http.Transport{
		DialContext: d.DialContext, TLSHandshakeTimeout: s.times.dial, ResponseHeaderTimeout: s.times.header,
		ExpectContinueTimeout:  s.times.expect,
		MaxResponseHeaderBytes: maxHead, DisableKeepAlives: true, DisableCompression: true,
	}
}

// hops sends each request by the transport of its scheme: without TLS only to
// places that the operator names (xeps.md 0066.5).
type hops struct{ plain, secure http.RoundTripper }

// RoundTrip implements http.RoundTripper. A redirect that cannot be read ends here:
// the error of net/http would have it in its words.
func (h hops) RoundTrip(r *http.Request) (*http.Response, error) {
	by := h.plain
	if r.URL.Scheme == "https" {
		by = h.secure
	}
	resp, err := by.RoundTrip(r)
	if err != nil || resp.StatusCode/100 != 3 {
		return resp, err
	}
	if _, err := resp.Location(); err != nil && !errors.Is(err, http.ErrNoLocation) {
		_ = resp.Body.Close() // nobody reads it
		return nil, fault(reasonRedirect, bridges.Rejected, notThere, "a redirect to what is no URL")
	}
	return resp, nil
}

// redirect judges a hop before it is made. What stood in the link before it is
// no business of the next server.
func redirect(r *http.Request, via []*http.Request) error {
	r.Header.Del("Referer")
	if len(via) > maxRedirects {
		return fault(reasonRedirect, bridges.Rejected, notThere, "more than %d redirects", maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return fault(reasonRedirect, bridges.Rejected, notThere, "a redirect from https to %s", r.URL.Scheme)
	}
	if why := unfit(r.URL); why != "" {
		return fault(reasonRedirect, bridges.Rejected, notThere, "a redirect to what has %s", why)
	}
	return nil
}

// target reads the address of a file.
func target(raw string) (*url.URL, error) {
	const text = "The link is none that this gateway can follow."
	if len(raw) > maxURL {
		return nil, fault(reasonURL, bridges.Rejected, text, "a link of %d bytes", len(raw))
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fault(reasonURL, bridges.Rejected, text, "not a URL")
	}
	if why := unfit(u); why != "" {
		return nil, fault(reasonURL, bridges.Rejected, text, "a link with %s", why)
	}
	u.Fragment, u.RawFragment = "", "" // the key of a file may stand there
	return u, nil
}

// unfit says why nothing is asked of a URL; "" when it may be.
func unfit(u *url.URL) string {
	port := u.Port()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "another scheme than https and http"
	case u.Opaque != "" || u.Hostname() == "":
		return "no host"
	case u.User != nil:
		return "a password"
	case port == "" && u.Host[len(u.Host)-1] == ':':
		return "a bad port"
	case port != "":
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "a bad port"
		}
	}
	return ""
}
