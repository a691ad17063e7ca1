package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// callTime is how long a call takes at most, with all its tries.
const callTime = 30 * time.Second

// tries is how often a call is made that may be repeated.
const tries = 3

// firstWait is the time before the second try; it doubles. A limit that does not
// say how long is waited for as long.
const firstWait = 500 * time.Millisecond

// call is a request and where its answer goes.
type call struct {
	method string
	path   []string // behind the base; escaped when sent
	query  url.Values
	user   string // who acts; empty: the bot
	body   any    // nil: none
	answer any    // pointer; nil: it is read and forgotten
	once   bool   // doing it twice does harm
}

// v3 is a path of the client-server API.
func v3(path ...string) []string { return append([]string{"_matrix", "client", "v3"}, path...) }

// url returns the address of a call.
func (h *Homeserver) url(c call) string {
	q := url.Values{}
	for k, v := range c.query {
		q[k] = v
	}
	if c.user != "" {
		q.Set("user_id", c.user)
	}
	address := h.base.String() + "/" + escape(c.path)
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	return address
}

// escape joins the segments of a path. Dots are escaped where a segment is
// nothing else, or it would be taken for a way up.
func escape(path []string) string {
	all := make([]string, len(path))
	for i, segment := range path {
		if all[i] = url.PathEscape(segment); segment == "." || segment == ".." {
			all[i] = strings.ReplaceAll(segment, ".", "%2E")
		}
	}
	return strings.Join(all, "/")
}

// do makes a call until it has an answer that is final.
func (h *Homeserver) do(ctx context.Context, c call) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if c.body != nil {
		raw, err := json.Marshal(c.body)
		if err != nil {
			return &Error{Text: "cannot be said in JSON: " + err.Error()}
		}
		c.body = json.RawMessage(raw)
	}
	pause := firstWait
	for n := 1; ; n++ {
		e := h.try(ctx, c)
		if e == nil {
			return nil
		}
		if !e.again(c, n) || !fits(ctx, max(pause, e.After)) {
			return e
		}
		h.count(Repeated)
		if h.wait(ctx, max(pause, e.After)) != nil {
			return e
		}
		pause *= 2
	}
}

// again tells whether a call is worth the next try. A limit is one that was not
// executed; it may be met as often as there is time.
func (e *Error) again(c call, n int) bool {
	if e.Status == http.StatusTooManyRequests {
		return true
	}
	return e.Temporary() && !c.once && n < tries
}

// fits tells whether ctx lives longer than d.
func fits(ctx context.Context, d time.Duration) bool {
	end, ends := ctx.Deadline()
	return ctx.Err() == nil && (!ends || time.Until(end) > d)
}

// try makes a call once.
func (h *Homeserver) try(ctx context.Context, c call) *Error {
	t := &try{ctx: ctx, transport: h.transport, bytes: h.bytes}
	answer := c.answer
	if answer == nil {
		answer = &struct{}{} // without one the connection is lost
	}
	err := h.wire(t).MakeRequest(c.method, h.url(c), c.body, answer)
	e := t.verdict(err)
	h.count(outcome(e))
	return e
}
