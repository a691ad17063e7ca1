package component

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"causeway/component/stanza"
)

// backoff is the pause before the next try (xeps.md 0114.7 to .11).
type backoff struct {
	t     timing
	fails int // one after the other, of the same speed
	slow  bool
	ended time.Time // of the last stream
}

// next returns the pause after err; up is how long the stream was open.
func (b *backoff) next(err error, up time.Duration) time.Duration {
	var e *stanza.StreamError
	slow := errors.As(err, &e) && hints[e.Condition] != ""
	if up > 0 {
		b.ended = time.Now()
	}
	if up > b.t.stable && !slow { // who was replaced does not fight (0114.11)
		b.fails = 0
	}
	if slow && up == 0 && e.Condition == "conflict" && time.Since(b.ended) < b.t.stable && b.fails < 2 {
		// The server has not yet seen our last connection go; Openfire needs
		// a moment for that.
		slow = false
	}
	if slow != b.slow {
		b.fails, b.slow = 0, slow
	}
	pace := b.t.retry
	if slow {
		pace = b.t.slow
	}
	d := min(pace[0]<<min(b.fails, 16), pace[1])
	b.fails++
	return d/2 + rand.N(d/2+1)
}

// report says why the stream is not open, and what the admin can do.
func (l *Link) report(err error, delay time.Duration) {
	l.isDown(err)
	again := delay.Round(time.Millisecond)
	var e *stanza.StreamError
	if !errors.As(err, &e) {
		l.m.ended(ownReason(err))
		l.log.Warn("no link to the server", "server", l.c.Address, "error", err, "again", again)
		return
	}
	l.m.ended(e.Condition)
	hint := hints[e.Condition]
	switch {
	case e.Condition == "not-authorized":
		l.log.Error("wrong secret for "+l.c.Domain+" on "+l.c.Address,
			"error", err, "hint", hint, "again", again)
	case hint != "":
		l.log.Error("the server refuses the link: "+e.Condition, "server", l.c.Address,
			"error", err, "hint", hint, "again", again)
	default:
		l.log.Warn("the server ended the stream: "+e.Condition, "server", l.c.Address,
			"error", err, "again", again)
	}
}

// ownReason is why a stream ended without an error of the server's: with one of
// ours, or the connection.
func ownReason(err error) string {
	var bad *protocolError
	if errors.As(err, &bad) {
		return bad.condition
	}
	return "connection"
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
