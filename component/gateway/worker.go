package gateway

const (
	// idleLimit bounds the goroutines that wait for a conversation to serve.
	idleLimit = 256
	// atWork bounds those that serve one: more than network and link take at
	// once, and few enough to wait for them in memory.
	atWork = 10_000
)

// workers are goroutines between two conversations. One that has run before
// has a stack that fits; a new one would have to grow its own for each message.
// It belongs to the router's lock.
type workers struct {
	idle []chan *conversation // each has room for one
}

// employ gives a conversation to a goroutine. The caller holds the lock.
func (g *Gateway) employ(c *conversation) {
	w := &g.router.workers
	if n := len(w.idle); n > 0 {
		w.idle[n-1] <- c
		w.idle = w.idle[:n-1]
		return
	}
	g.wg.Go(func() {
		next := make(chan *conversation, 1)
		for c := c; c != nil; c = g.router.rest(next) {
			g.runConversation(c)
		}
	})
}

// rest waits for the next conversation; nil: there is none.
func (r *router) rest(next chan *conversation) *conversation {
	r.mu.Lock()
	if r.closed || len(r.workers.idle) >= idleLimit {
		r.mu.Unlock()
		return nil
	}
	r.workers.idle = append(r.workers.idle, next)
	r.mu.Unlock()
	return <-next
}

// close lets no new step begin. The caller holds the lock.
func (r *router) close() {
	r.closed = true
	for _, next := range r.workers.idle {
		close(next)
	}
	r.workers.idle = nil
}
