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

// expire gives up requests that wait for longer than AnswerTimeout. A centre
// that has answered no submit since is given up altogether.
func (s *session) expire(now time.Time) {
	if s.expired(now) {
		s.end(errIgnored)
	}
}

func (s *session) expired(now time.Time) (dead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		return false
	}
	for _, r := range s.ledger.asked {
		if now.Sub(r.at) < s.c.cfg.AnswerTimeout {
			continue
		}
		if r.command == cmdSubmit {
			s.c.count(Unanswered)
			dead = dead || s.answered.Before(r.at)
		}
		s.complete(r, answer{err: fmt.Errorf("%w: %w", ErrUnknown, errTimeout)})
	}
	return dead
}
