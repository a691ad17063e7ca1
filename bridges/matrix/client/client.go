// Package client is the Matrix Client-Server API as an application service uses
// it: every user of its namespace acts through one Homeserver. "Spec" is the
// Matrix specification v1.16, Client-Server API.
//
// Calls block until the homeserver has answered, at most 30 s, waits and
// repetitions included, or until ctx ends. A limit (429) is waited for when the
// wait fits in that time; what may be repeated without harm is tried three times
// when no answer comes or the server fails. Every error is an *Error.
package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/matrix-org/gomatrix"

	"causeway/bridges/settings"
)

// Config says where the homeserver is.
type Config struct {
	URL   string          // e.g. http://127.0.0.1:8008; required
	Token settings.Secret // the as_token; required
	HTTP  *http.Client    // its Transport is used; nil: one of our own
	Count func(Outcome)   // counts requests; must not block; nil: not counted
	// Elsewhere carries what is asked for where the homeserver sends us for a file:
	// another homeserver may have chosen that, so it judges where it connects to. Nil:
	// we go nowhere.
	Elsewhere http.RoundTripper
}

// Homeserver is asked by all users over the same connections.
type Homeserver struct {
	base      *url.URL
	token     settings.Secret
	transport http.RoundTripper
	elsewhere http.RoundTripper
	count     func(Outcome)
	wait      func(context.Context, time.Duration) error
	stall     time.Duration // that a file may stand still
	bytes     int64         // of an answer at most

	deviceless atomic.Bool // the homeserver lets us make no devices

	mu  sync.Mutex
	bot string // its id, once it was asked for
}

// connections is how many there are to one homeserver at most. Who finds none free
// waits for one, as long as a call takes.
const connections = 100

// New returns a Homeserver. It makes no request. An error says what is wrong
// with the URL.
func New(c Config) (*Homeserver, error) {
	base, err := url.Parse(strings.TrimRight(c.URL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" || base.User != nil {
		return nil, &Error{Text: "want the homeserver's address as https://HOST or http://HOST:PORT"}
	}
	h := &Homeserver{base: base, token: c.Token, elsewhere: c.Elsewhere, count: c.Count, wait: wait, stall: callTime, bytes: answerBytes}
	if c.HTTP != nil {
		h.transport = c.HTTP.Transport
	}
	if h.transport == nil {
		h.transport = &http.Transport{
			MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		}
	}
	if h.count == nil {
		h.count = func(Outcome) {}
	}
	return h, nil
}

// Close ends the idle connections. Calls under way go on.
func (h *Homeserver) Close() {
	(&http.Client{Transport: h.transport}).CloseIdleConnections()
}

// User is somebody who acts.
type User struct {
	h  *Homeserver
	id string // empty: the bot
}

// As returns the user with an id of our namespace; "" is the bot. It makes no
// request.
func (h *Homeserver) As(user string) *User { return &User{h: h, id: user} }

// name returns the user's own id, for paths that have it. That of the bot is
// asked for once.
func (u *User) name(ctx context.Context) (string, error) {
	if u.id != "" {
		return u.id, nil
	}
	u.h.mu.Lock()
	bot := u.h.bot
	u.h.mu.Unlock()
	if bot != "" {
		return bot, nil
	}
	return u.h.WhoAmI(ctx)
}

// wire is gomatrix's client for one try of one call. Its own URLs do not escape,
// so it gets ours, and the user is in them.
func (h *Homeserver) wire(t *try) *gomatrix.Client {
	return &gomatrix.Client{
		HomeserverURL: h.base, Prefix: "/_matrix/client/v3", AccessToken: string(h.token),
		Client: &http.Client{Transport: t, CheckRedirect: stay},
	}
}

// stay follows no redirect: the answer to a call comes from the homeserver.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// wait blocks for d or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
