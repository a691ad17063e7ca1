package smpp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Client keeps one bind.
type Client struct {
	cfg  Config
	h    Handler
	pace *pacer
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu      sync.Mutex
	session *session // nil while not bound
	since   time.Time
	why     error // nil while bound
}

// New returns a client. It does nothing until Run.
func New(cfg Config, h Handler) *Client {
	cfg.Window = cmp.Or(cfg.Window, 10)
	cfg.EnquireEvery = cmp.Or(cfg.EnquireEvery, 30*time.Second)
	cfg.AnswerTimeout = cmp.Or(cfg.AnswerTimeout, 20*time.Second)
	cfg.ConnectTimeout = cmp.Or(cfg.ConnectTimeout, 15*time.Second)
	cfg.Log = cmp.Or(cfg.Log, slog.Default())
	return &Client{
		cfg: cfg, h: h, pace: newPacer(cfg.Rate), dial: (&net.Dialer{}).DialContext,
		since: time.Now(), why: ErrNotBound,
	}
}

func (c *Client) count(e Event) {
	if c.cfg.Count != nil {
		c.cfg.Count(e)
	}
}

// Run binds, and binds again with a growing, jittered pause whenever the bind
// is lost, until ctx ends. It then waits for the answers of submits that are
// under way, at most 3 s, unbinds within 2 s, and returns nil when all that it
// started has ended. It may be called once. An error means that the
// configuration can never work.
func (c *Client) Run(ctx context.Context) error {
	if err := c.cfg.check(); err != nil {
		return err
	}
	var b backoff
	for {
		up, err := c.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		c.count(Lost)
		d := b.next(err, up)
		c.report(err, d, b.slow)
		pause(ctx, d)
	}
}

// once makes a bind and serves it; up is how long it lasted.
func (c *Client) once(ctx context.Context) (up time.Duration, err error) {
	w, err := c.open(ctx)
	if err != nil {
		err = c.explain(err)
		c.state(nil, err)
		return 0, err
	}
	start := time.Now()
	s := newSession(c, w)
	c.state(s, nil)
	c.count(Binds)
	c.cfg.Log.Info("bound to the SMS centre", "centre", c.cfg.Address, "system_id", c.cfg.SystemID)
	c.h.Bound()
	err = s.serve(ctx, func(why error) { c.state(nil, c.lost(why)) })
	return max(time.Since(start), 1), c.lost(err)
}

func (c *Client) lost(why error) error {
	return fmt.Errorf("the bind to the SMS centre at %s is lost: %w", c.cfg.Address, why)
}

// report says why there is no bind.
func (c *Client) report(err error, again time.Duration, slow bool) {
	level := slog.LevelWarn
	if slow {
		level = slog.LevelError
	}
	c.cfg.Log.Log(context.Background(), level, "no bind to the SMS centre",
		"error", err, "again", again.Round(time.Millisecond))
}

// state notes the bind, or why there is none.
func (c *Client) state(s *session, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if (why == nil) != (c.why == nil) {
		c.since = time.Now()
	}
	c.session, c.why = s, why
}

// State returns since when the client is bound (err is nil) or is not; then
// err says why, in words for the administrator. It does not block.
func (c *Client) State() (since time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since, c.why
}

// Submit sends a message and returns the id that the centre gives it, which
// may be empty. It blocks while the window is full or the pace does not allow
// it, and then until the answer is there. A throttled message is sent again,
// at a slower pace, until ctx ends. Several callers may submit at once; whoever
// wants order waits for one before the next.
//
// Errors: *StatusError, ErrNotBound, ErrInvalid and ctx's own say that the
// centre does not have the message; ErrUnknown that nobody knows. When ctx
// ends while the answer is awaited, that is ErrUnknown too.
func (c *Client) Submit(ctx context.Context, m *SubmitSM) (id string, err error) {
	if err := m.check(); err != nil {
		return "", err
	}
	var throttled error
	for {
		id, err = c.submit(ctx, m)
		if err == nil {
			return id, nil
		}
		if over := ctx.Err(); throttled != nil && over != nil && errors.Is(err, over) && !errors.Is(err, ErrUnknown) {
			return "", throttled
		}
		var s *StatusError
		if !errors.As(err, &s) || s.Status.Class() != Throttle {
			return "", err
		}
		throttled = err
	}
}

// submit sends once.
func (c *Client) submit(ctx context.Context, m *SubmitSM) (string, error) {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return "", ErrNotBound
	}
	if !c.pace.wait(ctx, s.ended) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		return "", errNotBound
	}
	a, sent := s.submit(ctx, m)
	if a.err != nil {
		return "", a.err
	}
	switch a.status.Class() {
	case Accept:
		c.count(Accepted)
		c.pace.accepted()
		return a.id, nil
	case Throttle:
		c.count(Throttled)
		c.pace.throttled(time.Now(), sent)
	default:
		c.count(Refused)
	}
	return "", &StatusError{a.status}
}
