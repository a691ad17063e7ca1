package smpp

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"causeway/bridges/takeover"
)

// Client keeps one bind.
type Client struct {
	cfg     Config
	h       Handler
	pace    *pacer
	note    *note
	submits *submits
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	step    func(point) // in tests, called at each point; it may end its goroutine

	mu      sync.Mutex
	session *session // nil while not bound
	since   time.Time
	why     error // nil while bound
}

// New returns a client. It does nothing until Run but to ask the Keeper for the
// note.
func New(cfg Config, h Handler) *Client {
	cfg.Window = cmp.Or(cfg.Window, 10)
	cfg.EnquireEvery = cmp.Or(cfg.EnquireEvery, 30*time.Second)
	cfg.AnswerTimeout = cmp.Or(cfg.AnswerTimeout, 20*time.Second)
	cfg.ConnectTimeout = cmp.Or(cfg.ConnectTimeout, 15*time.Second)
	cfg.Log = cmp.Or(cfg.Log, slog.Default())
	c := &Client{
		cfg: cfg, h: h, pace: newPacer(cfg.Rate), dial: (&net.Dialer{}).DialContext,
		since: time.Now(), why: ErrNotBound,
	}
	c.note = c.openNote()
	c.submits = newSubmits(c.note.submits)
	return c
}

// openNote gives the note that the Keeper has; without one, a note that ends
// with the process.
func (c *Client) openNote() *note {
	if c.cfg.Keeper != nil {
		n, err := openNote(c.cfg.Keeper)
		if err == nil {
			return n
		}
		c.cfg.Log.Error("nothing is noted for a successor", "error", err)
		c.cfg.Keeper = nil
	}
	n, _ := openNote(new(takeover.Memory)) // which always has room
	return n
}

func (c *Client) count(e Event) {
	if c.cfg.Count != nil {
		c.cfg.Count(e)
	}
}

// Run goes on with the bind of a predecessor or binds, and binds again with a
// growing, jittered pause whenever the bind is lost, until ctx ends. It then
// waits for the answers of submits that are under way, at most 3 s, unbinds
// within 2 s, and returns nil when all that it started has ended. With the
// cause takeover.ErrHandover it does none of that on a bind that is held: the
// bind stays, and no Submit returns before its own ctx ends. Run may be called
// once. An error means that the configuration can never work.
func (c *Client) Run(ctx context.Context) error {
	if err := c.cfg.check(); err != nil {
		return err
	}
	var b backoff
	s := c.adopt()
	for {
		up, err := c.once(ctx, s)
		s = nil
		if ctx.Err() != nil {
			return nil
		}
		c.count(Lost)
		d := b.next(err, up)
		c.report(err, d, b.slow)
		pause(ctx, d)
	}
}

// once serves s, or if it is nil makes a bind and serves that; up is how long
// it lasted.
func (c *Client) once(ctx context.Context, s *session) (up time.Duration, err error) {
	if s == nil {
		if s, err = c.bind(ctx); err != nil {
			err = c.explain(err)
			c.state(nil, err)
			return 0, err
		}
	}
	start := time.Now()
	c.state(s, nil)
	c.h.Bound()
	err = s.serve(ctx, func(why error) { c.state(nil, c.lost(why)) })
	return max(time.Since(start), 1), c.lost(err)
}

// bind makes a bind, and notes it.
func (c *Client) bind(ctx context.Context) (*session, error) {
	w, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	s := newSession(c, w, rand.Uint64()>>1|1)
	b := bindRecord{stream: s.stream, read: w.start.Read, written: w.start.Written}
	c.note.bound(b, w.read, w.sent, w.sequence)
	c.count(Binds)
	c.cfg.Log.Info("bound to the SMS centre", "centre", c.cfg.Address, "system_id", c.cfg.SystemID)
	return s, nil
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
