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

// nextAttempt spaces the attempts at m: what the network asks for, else
// doubling; with jitter, and never beyond the time limit of m.
func (g *Gateway) nextAttempt(m *outgoing, err error) time.Time {
	wait := firstRetry << min(m.attempts-1, 10)
	wait = min(wait, lastRetry)
	var e *bridges.Error
	if errors.As(err, &e) && e.After > 0 {
		wait = e.After
	}
	wait += rand.N(wait/4 + time.Millisecond)
	at := time.Now().Add(wait)
	if at.After(m.expires) {
		return m.expires
	}
	return at
}

// retryHeap is a heap of waiting conversations, the earliest first.
type retryHeap []*conversation

func (h retryHeap) Len() int           { return len(h) }
func (h retryHeap) Less(i, j int) bool { return h[i].retryAt.Before(h[j].retryAt) }
func (h retryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}

// Push implements heap.Interface.
func (h *retryHeap) Push(x any) {
	c := x.(*conversation)
	c.slot = len(*h)
	*h = append(*h, c)
}

// Pop implements heap.Interface.
func (h *retryHeap) Pop() any {
	old := *h
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	c.slot = -1
	return c
}

// retryLater blocks the outgoing side of c until a time. The caller holds the
// lock.
func (r *router) retryLater(c *conversation, at time.Time) {
	if at.IsZero() {
		return
	}
	c.retryAt = at
	if c.slot >= 0 {
		heap.Fix(&r.waiting, c.slot)
	} else {
		heap.Push(&r.waiting, c)
	}
	r.wake.ring()
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
	for _, c := range r.waiting {
		c.retryAt = now // all equal: still a heap
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
		c := r.waiting[0]
		if wait := c.retryAt.Sub(now); wait > 0 {
			return wait
		}
		if n == atOnce {
			return pause
		}
		heap.Pop(&r.waiting)
		c.retryAt = time.Time{}
		g.startConversation(c)
	}
	return time.Hour
}
