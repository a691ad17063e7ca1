package gateway

import (
	"container/heap"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"causeway/bridges"
)

const (
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
	// atOnce bounds how many waiting conversations begin within pause, so
	// that a network that is back is not flooded.
	atOnce = 200
	pause  = 50 * time.Millisecond
)

// nextAttempt spaces attempts, of which the nth has failed: what the network asks
// for, else doubling; with jitter, and never beyond the time limit.
func nextAttempt(n int, err error, expires time.Time) time.Time {
	wait := firstRetry << min(n-1, 10)
	wait = min(wait, lastRetry)
	var e *bridges.Error
	if errors.As(err, &e) && e.After > 0 {
		wait = e.After
	}
	wait += rand.N(wait/4 + time.Millisecond)
	at := time.Now().Add(wait)
	if at.After(expires) {
		return expires
	}
	return at
}

// paused is one way of a conversation that waits for its next attempt.
type paused struct {
	c    *conversation
	at   time.Time // zero: it does not wait
	slot int       // place in the heap, when at is set
}

func (p *paused) is() bool { return !p.at.IsZero() }

// retryHeap is a heap of what waits, the earliest first.
type retryHeap []*paused

func (h retryHeap) Len() int           { return len(h) }
func (h retryHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h retryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}

// Push implements heap.Interface.
func (h *retryHeap) Push(x any) {
	p := x.(*paused)
	p.slot = len(*h)
	*h = append(*h, p)
}

// Pop implements heap.Interface.
func (h *retryHeap) Pop() any {
	old := *h
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return p
}

// retryLater blocks one way of c until a time. The caller holds the lock, as of the
// next.
func (r *router) retryLater(c *conversation, w way, at time.Time) {
	if at.IsZero() {
		return
	}
	p := &c.pauses[w]
	waits := p.is()
	if p.c, p.at = c, at; waits {
		heap.Fix(&r.waiting, p.slot)
	} else {
		heap.Push(&r.waiting, p)
	}
	r.wake.ring()
}

// retryNoMore unblocks it.
func (r *router) retryNoMore(c *conversation, w way) {
	if p := &c.pauses[w]; p.is() {
		heap.Remove(&r.waiting, p.slot)
		p.at = time.Time{}
	}
}

// Ready implements bridges.Host.
func (g *Gateway) Ready() {
	g.signs.renew(time.Now(), true)
	g.selves.again()
	g.presences.again()
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, p := range r.waiting {
		p.at = now // all equal: still a heap
	}
	r.wake.ring()
}

// retry starts conversations whose time has come.
func (g *Gateway) retry(ctx context.Context) {
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	for {
		t.Reset(g.startDue(time.Now()))
		select {
		case <-ctx.Done():
			return
		case <-g.router.wake:
		case <-t.C:
		}
	}
}

// startDue starts what is due, and returns the time until more is.
func (g *Gateway) startDue(now time.Time) time.Duration {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := 0; len(r.waiting) > 0; n++ {
		p := r.waiting[0]
		if wait := p.at.Sub(now); wait > 0 {
			return wait
		}
		if n == atOnce {
			return pause
		}
		heap.Pop(&r.waiting)
		p.at = time.Time{}
		g.startConversation(p.c)
	}
	return time.Hour
}
