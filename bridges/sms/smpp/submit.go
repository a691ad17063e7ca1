package smpp

import (
	"context"
	"fmt"
	"time"
)

// submit sends m and waits for its answer; sent is when that was.
func (s *session) submit(ctx context.Context, m *SubmitSM) (a answer, sent time.Time) {
	var r *request
	select {
	case r = <-s.free:
	case <-ctx.Done():
		return answer{err: ctx.Err()}, sent
	case <-s.ended:
		return answer{err: errNotBound}, sent
	}
	sent = time.Now()
	if !s.ask(r, m, sent) {
		s.free <- r
		return answer{err: errNotBound}, sent
	}
	select {
	case a = <-r.done:
	case <-ctx.Done():
		if s.abandon(r) {
			return answer{err: fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())}, sent
		}
		a = <-r.done
	}
	s.free <- r
	return a, sent
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
