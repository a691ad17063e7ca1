package smpp

import (
	"fmt"
	"time"
)

// ackTime is how long TCP usually takes to acknowledge.
const ackTime = 50 * time.Millisecond

// watch asks a silent centre for a sign of life, gives up what is not
// answered in time, and reports which of our answers have arrived.
func (s *session) watch() {
	beat := time.NewTicker(min(s.c.cfg.AnswerTimeout, s.c.cfg.EnquireEvery) / 8)
	defer beat.Stop()
	ack := time.NewTimer(ackTime)
	defer ack.Stop()
	link := &request{command: cmdEnquireLink, done: make(chan answer, 1)}
	open := false
	for {
		select {
		case <-s.ended:
			return
		case <-s.owing:
			ack.Reset(ackTime)
		case <-ack.C:
			s.settle()
		case a := <-link.done:
			if open = false; a.err != nil {
				s.end(errSilent)
			}
		case now := <-beat.C:
			s.settle()
			s.expire(now)
			if !open && s.silent(now) {
				open = s.ask(link, nil, now)
			}
		}
	}
}

// silent tells whether nothing has come for EnquireEvery.
func (s *session) silent(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.held && now.Sub(s.heard) >= s.c.cfg.EnquireEvery
}

// expire gives up requests that were written and wait for longer than
// AnswerTimeout. A centre that has answered no submit since is given up
// altogether. What cannot be written ends with the writing.
func (s *session) expire(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held || s.closed != nil {
		return
	}
	var late []*request
	for _, r := range s.ledger.asked {
		if now.Sub(r.at) < s.c.cfg.AnswerTimeout || r.end > s.ledger.written {
			continue
		}
		late = append(late, r)
		if r.command == cmdSubmit && !s.answered.After(r.at) {
			s.close(errIgnored)
			return
		}
	}
	for _, r := range late {
		s.giveUp(r, errTimeout)
	}
}

// giveUp ends a request without an answer. The caller holds mu.
func (s *session) giveUp(r *request, why error) {
	err, now := fmt.Errorf("%w: %w", ErrUnknown, why), lost
	if r.end > s.ledger.written {
		err, now = errNotBound, reserved
	} else if r.command == cmdSubmit {
		s.c.count(Unanswered)
	}
	if r.command == cmdSubmit {
		s.c.submits.ended(r.entry, now)
	}
	s.complete(r, answer{err: err})
}
