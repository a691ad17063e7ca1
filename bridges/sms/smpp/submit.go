package smpp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"causeway/bridges/takeover"
)

// Submit sends a message and returns the id that the centre gives it, which
// may be empty. It blocks while the window is full or the pace does not allow
// it, and then until the answer is there. A throttled message is sent again,
// at a slower pace, until ctx ends. Several callers may submit at once; whoever
// wants order waits for one before the next.
//
// A submit with the same Key and Part as one before, by this process or by a
// predecessor, sends nothing: it gives the answer that came or is still to
// come, and ErrUnknown if the bind ended without one. Only after that has been
// said once, and after a refusal that is not Permanent, is it sent again.
//
// Errors: *StatusError, ErrNotBound, ErrInvalid and ctx's own say that the
// centre does not have the message; ErrUnknown that nobody knows. When ctx
// ends while the answer is awaited, that is ErrUnknown too. ErrHandover of
// package takeover says that a successor will know.
func (c *Client) Submit(ctx context.Context, t Ticket, m *SubmitSM) (id string, err error) {
	if err := m.check(); err != nil {
		return "", err
	}
	e, a := c.submits.claim(ctx, t)
	if e == nil {
		return a.result()
	}
	defer func() { c.submits.release(e, errors.Is(err, ErrUnknown)) }()
	var throttled error
	for {
		id, err = c.submit(ctx, e, m)
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

// result is what Submit returns for an answer.
func (a answer) result() (string, error) {
	switch {
	case a.err != nil:
		return "", a.err
	case a.status != OK:
		return "", &StatusError{a.status}
	}
	return a.id, nil
}

// submit sends once.
func (c *Client) submit(ctx context.Context, e *entry, m *SubmitSM) (string, error) {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return "", ErrNotBound
	}
	if !c.pace.wait(ctx, s.ended) {
		if ctx.Err() != nil {
			return "", failure(ctx)
		}
		return "", errNotBound
	}
	a, sent := s.submit(ctx, e, m)
	if a.err != nil {
		return "", a.err
	}
	switch a.status.Class() {
	case Accept:
		c.count(Accepted)
		c.pace.accepted()
	case Throttle:
		c.count(Throttled)
		c.pace.throttled(time.Now(), sent)
	default:
		c.count(Refused)
	}
	return a.result()
}

// handedOver tells whether a successor goes on with what ctx is for.
func handedOver(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), takeover.ErrHandover)
}

// failure is why ctx has ended.
func failure(ctx context.Context) error {
	if handedOver(ctx) {
		return takeover.ErrHandover
	}
	return ctx.Err()
}

// submit sends m and waits for its answer; sent is when that was.
func (s *session) submit(ctx context.Context, e *entry, m *SubmitSM) (a answer, sent time.Time) {
	var r *request
	select {
	case r = <-s.free:
	case <-ctx.Done():
		return answer{err: failure(ctx)}, sent
	case <-s.ended:
		return answer{err: errNotBound}, sent
	}
	sent = time.Now()
	r.entry = e
	if !s.ask(r, m, sent) {
		s.giveBack(r)
		return answer{err: errNotBound}, sent
	}
	s.c.at(pointQueued)
	select {
	case a = <-r.done:
	case <-ctx.Done():
		if s.abandon(r) {
			return answer{err: s.unanswered(ctx)}, sent
		}
		a = <-r.done
	}
	s.giveBack(r)
	s.c.at(pointReturned)
	return a, sent
}

// unanswered is what a submit gets whose ctx ends before its answer.
func (s *session) unanswered(ctx context.Context) error {
	if handedOver(ctx) || s.handedOver() {
		return takeover.ErrHandover
	}
	return fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
}

// ask queues a request; false says that the bind takes none any more. m is that
// of a submit.
func (s *session) ask(r *request, m *SubmitSM, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil || s.broken != nil || s.leaving || (r.command == cmdSubmit && (s.draining != nil || s.forgotten)) {
		return false
	}
	start, sequence := len(s.out), s.ledger.next()
	if r.command == cmdSubmit {
		s.out = appendSubmit(s.out, m, sequence)
		s.c.count(Submitted)
	} else {
		s.out = appendBare(s.out, r.command, OK, sequence)
		s.parted = r.command == cmdUnbind
	}
	s.ledger.record(r, sequence, len(s.out)-start, now)
	if r.command == cmdSubmit {
		s.c.submits.queued(r.entry, s.stream, r.end, sequence)
		s.c.at(pointSlot)
	}
	poke(s.more)
	return true
}

// abandon leaves a request to the session; false says that its answer is
// there.
func (s *session) abandon(r *request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ledger.asked[r.sequence] != r {
		return false
	}
	r.left = true
	return true
}
