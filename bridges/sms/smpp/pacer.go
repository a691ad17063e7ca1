package smpp

import (
	"context"
	"sync"
	"time"
)

const (
	burst     = 20 * time.Millisecond // of pace that may be caught up on
	firstHold = time.Second           // after a throttling answer
	lastHold  = 30 * time.Second
	slowest   = 0.2 // submits per second
	forgotten = 4   // times the rate that was throttled: no limit any more
)

// pacer spaces submits. It starts at the configured rate; each throttling
// answer halves the rate and holds everything for a while, and each accepted
// message raises the rate a little (additive increase, multiplicative
// decrease).
type pacer struct {
	ceiling float64
	turn    chan struct{} // held by the one whose time comes next

	mu      sync.Mutex
	limit   float64   // submits per second; 0: none
	next    time.Time // for the next submit
	hold    time.Time // nothing before
	cut     time.Time // the last decrease
	cutAt   float64   // the rate at that time
	strikes int       // decreases without an accepted message since
	second  time.Time // taken counts from here
	taken   int
	before  int // taken in the second before
}

func newPacer(rate float64) *pacer {
	return &pacer{ceiling: rate, limit: rate, turn: make(chan struct{}, 1)}
}

// wait blocks until a submit may go, in the order of the callers; false: ctx or
// the bind has ended.
func (p *pacer) wait(ctx context.Context, ended <-chan struct{}) bool {
	if p.unlimited() && p.take(time.Now()) <= 0 {
		return true
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	case <-ended:
		return false
	}
	defer func() { <-p.turn }()
	for {
		d := p.take(time.Now())
		if d <= 0 {
			return true
		}
		t := time.NewTimer(d)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return false
		case <-ended:
			t.Stop()
			return false
		}
	}
}

// unlimited tells whether nobody has to queue for a place.
func (p *pacer) unlimited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limit == 0
}

// take takes the next place, or returns how long until it comes.
func (p *pacer) take(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.hold.Sub(now); d > 0 {
		return d
	}
	if p.limit > 0 {
		if d := p.next.Sub(now); d > 0 {
			return d
		}
		if early := now.Add(-burst); p.next.Before(early) {
			p.next = early
		}
		p.next = p.next.Add(time.Duration(float64(time.Second) / p.limit))
	}
	if age := now.Sub(p.second); age >= time.Second {
		p.before = p.taken
		if age >= 2*time.Second {
			p.before = 0
		}
		p.second, p.taken = now, 0
	}
	p.taken++
	return 0
}

// throttled slows down after a throttling answer to what was sent then. The
// answers to one burst count once.
func (p *pacer) throttled(now, sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if sent.Before(p.cut) {
		return
	}
	rate := float64(max(p.taken, p.before, 1))
	if p.limit > 0 {
		rate = min(rate, p.limit)
	}
	p.cut, p.cutAt = now, rate
	p.limit = max(rate/2, slowest)
	p.hold = now.Add(min(firstHold<<min(p.strikes, 8), lastHold))
	p.next = p.hold
	p.strikes++
}

// accepted speeds up after a good answer.
func (p *pacer) accepted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strikes = 0
	if p.cut.IsZero() || p.limit == 0 {
		return
	}
	// By half a submit per second, or a fiftieth, each second.
	p.limit += max(0.5, p.cutAt/50) / p.limit
	switch {
	case p.ceiling > 0 && p.limit >= p.ceiling:
		p.limit = p.ceiling
	case p.ceiling == 0 && p.limit > forgotten*p.cutAt:
		p.limit = 0
	}
}
