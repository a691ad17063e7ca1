package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// hops is how many redirects a download follows.
const hops = 3

// The parts of an mxc URI (Spec, Content repository, Security considerations; a
// server name as in Appendices, Server Name).
var (
	mediaID    = regexp.MustCompile(`^[0-9A-Za-z_-]{1,255}$`)
	serverName = regexp.MustCompile(`^([0-9A-Za-z.-]{1,230}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)
)

// media returns the two parts of an mxc URI.
func media(mxc string) (server, id string, ok bool) {
	rest, scheme := strings.CutPrefix(mxc, "mxc://")
	server, id, two := strings.Cut(rest, "/")
	ok = scheme && two && serverName.MatchString(server) && mediaID.MatchString(id) && strings.Trim(server, ".") != ""
	return server, id, ok
}

// IsMedia tells whether something is an mxc URI.
func IsMedia(mxc string) bool {
	_, _, ok := media(mxc)
	return ok
}

// File is a file on its way to us.
type File struct {
	io.ReadCloser
	Type string // as the sender has it: not to be believed
	Size int64  // in bytes; -1: unknown
}

// Download returns a file, which the caller closes. Reading it fails beyond limit
// bytes, when ctx ends and when nothing comes for 30 s. A file that is longer by
// its own word is refused at once with 413. The homeserver may send us elsewhere:
// see Config.
func (u *User) Download(ctx context.Context, mxc string, limit int64) (*File, error) {
	server, id, ok := media(mxc)
	if !ok {
		return nil, &Error{Text: "is no mxc URI"}
	}
	address, err := url.Parse(u.h.url(call{
		path: []string{"_matrix", "client", "v1", "media", "download", server, id}, user: u.id,
	}))
	if err != nil {
		return nil, &Error{Text: "is no mxc URI", Cause: err}
	}
	ctx, watch := newWatch(ctx, u.h.stall)
	a, e := u.h.get(ctx, address)
	u.h.count(outcome(e))
	if e == nil && a.ContentLength > limit {
		a.Body.Close()
		e = &Error{Status: http.StatusRequestEntityTooLarge, Code: "M_TOO_LARGE", Text: "the file is too large"}
	}
	if e != nil {
		watch.end()
		return nil, e
	}
	watch.rest()
	return &File{&download{bounded{a.Body, limit}, watch}, a.Header.Get("Content-Type"), a.ContentLength}, nil
}

// get follows redirects to a file. Only the homeserver itself gets the token, and
// not when somebody else has sent us back there.
func (h *Homeserver) get(ctx context.Context, address *url.URL) (*http.Response, *Error) {
	home := true
	for range hops + 1 {
		r := (&http.Request{Method: http.MethodGet, URL: address, Header: http.Header{}}).WithContext(ctx)
		home = home && address.Scheme == h.base.Scheme && address.Host == h.base.Host
		a, e := h.hop(r, home)
		if e != nil {
			return nil, e
		}
		if a.StatusCode/100 == 2 {
			return a, nil
		}
		e = rejected(a)
		next, err := address.Parse(a.Header.Get("Location"))
		if a.StatusCode/100 != 3 || a.Header.Get("Location") == "" {
			return nil, e
		}
		if err != nil || next.Host == "" || next.Scheme != "https" && next.Scheme != h.base.Scheme {
			return nil, &Error{Status: a.StatusCode, Text: "the homeserver sends us where no file is"}
		}
		address = next
	}
	return nil, &Error{Status: http.StatusLoopDetected, Text: "the homeserver sends us from place to place"}
}

// hop asks for a file, or for where it is.
func (h *Homeserver) hop(r *http.Request, home bool) (*http.Response, *Error) {
	if home {
		h.authorize(r)
		a, err := h.transport.RoundTrip(r)
		if err != nil {
			return nil, &Error{Text: "the homeserver does not answer", Cause: err}
		}
		return a, nil
	}
	if h.elsewhere == nil {
		return nil, &Error{Status: http.StatusMisdirectedRequest, Text: "the homeserver sends us elsewhere"}
	}
	a, err := h.elsewhere.RoundTrip(r)
	if err != nil {
		return nil, &Error{Status: http.StatusBadGateway, Text: "the homeserver sends us where nobody answers, or where we may not go", Cause: err}
	}
	return a, nil
}

// authorize shows the token.
func (h *Homeserver) authorize(r *http.Request) {
	r.Header.Set("Authorization", "Bearer "+string(h.token))
}

// rejected reads and closes an answer that is none of 2xx.
func rejected(a *http.Response) *Error {
	defer a.Body.Close()
	body, err := io.ReadAll(io.LimitReader(a.Body, 64<<10))
	e := refusal(a, body)
	e.Cause = err
	return e
}

// Upload streams a file, which holds size bytes, to the homeserver and returns its mxc URI.
// It fails when ctx ends and when nothing moves for 30 s, and is not repeated. r
// is not used after the return, which waits for a Read under way, and not closed. M_TOO_LARGE: the homeserver takes
// no such file.
func (u *User) Upload(ctx context.Context, r io.Reader, size int64, kind, name string) (string, error) {
	q := url.Values{}
	if name != "" {
		q.Set("filename", name)
	}
	var a struct {
		URI string `json:"content_uri"`
	}
	ctx, watch := newWatch(ctx, u.h.stall)
	defer watch.end()
	body := &upload{r: r, watch: watch}
	defer body.Close()
	address := u.h.url(call{path: []string{"_matrix", "media", "v3", "upload"}, query: q, user: u.id})
	e := u.h.post(ctx, address, body, size, kind, &a)
	u.h.count(outcome(e))
	if e != nil {
		return "", e
	}
	return a.URI, nil
}
