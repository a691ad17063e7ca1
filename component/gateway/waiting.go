package gateway

import (
	"time"

	"causeway/bridges"
)

// waits counts n messages in that wait for a user.
func (p *people) waits(id bridges.AccountID, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.get(id).waiting += n
	p.waiting.Add(int64(n))
}

// keeps counts one message in, if the bound allows it. It may be tried at next
// although its user does not come.
func (p *people) keeps(id bridges.AccountID, next time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.get(id)
	if x.waiting >= bounceLimit {
		return false
	}
	if x.waiting++; x.waiting == 1 || next.Before(x.next) {
		x.next = next
	}
	p.waiting.Add(1)
	p.dueAt(next)
	return true
}

// dueAt has dueNow look at a time; zero: it need not. The caller holds the lock.
func (p *people) dueAt(at time.Time) {
	if !at.IsZero() && (p.soonest.IsZero() || at.Before(p.soonest)) {
		p.soonest = at
	}
}

// dueNow returns the users who are there and for whom something is due. It looks
// at all of them only when the time of one has come. Who is not there is told
// when he comes.
func (p *people) dueNow(now time.Time) (ids []bridges.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.soonest.IsZero() || now.Before(p.soonest) {
		return nil
	}
	p.soonest = time.Time{}
	for id, x := range p.m {
		switch {
		case x.waiting == 0 || !x.listens():
		case now.Before(x.next):
			p.dueAt(x.next)
		default:
			ids = append(ids, id)
			p.dueAt(now.Add(bounceSoon)) // should it fail
		}
	}
	return ids
}

// due tells whether something waits for a user that may be tried now, and no
// presence says that the server would not take it.
func (p *people) due(id bridges.AccountID, now time.Time) bool {
	if p.waiting.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	return x != nil && x.waiting > 0 && !now.Before(x.next) && (len(x.resources) == 0 || x.listens())
}

func (p *people) hasBounced(id bridges.AccountID) bool {
	if p.waiting.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m[id] != nil && p.m[id].waiting > 0
}

// awaited returns the users for whom something waits.
func (p *people) awaited() []bridges.AccountID {
	if p.waiting.Load() == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []bridges.AccountID
	for id, x := range p.m {
		if x.waiting > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// released says that n messages that waited are being sent, or are gone, and of
// those that were looked at left ones wait until next. What is counted beyond
// them was kept meanwhile.
func (p *people) released(id bridges.AccountID, n, left int, next, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.m[id]
	if x == nil {
		return
	}
	n = min(n, x.waiting)
	p.waiting.Add(int64(-n))
	x.waiting -= n
	x.next = next
	if soon := now.Add(bounceSoon); x.waiting > left && (next.IsZero() || soon.Before(next)) {
		x.next = soon
	}
	if x.waiting > 0 {
		p.dueAt(x.next)
	}
	p.tidy(id)
}

// forgets counts one message out.
func (p *people) forgets(id bridges.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x := p.m[id]; x != nil && x.waiting > 0 {
		x.waiting--
		p.waiting.Add(-1)
		p.tidy(id)
	}
}
