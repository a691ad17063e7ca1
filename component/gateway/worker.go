package gateway

const (
	// idleLimit bounds the goroutines that wait for a conversation to serve.
	idleLimit = 256
	// atWork bounds those that serve one, each way: more than network and link
	// take at once, and few enough to wait for them in memory.
	atWork = 10_000
)

// way is where a conversation's work goes. Each has places of its own, so that
// what the network says, and nothing holds up, does not wait behind thousands
// of texts that wait for the network.
type way uint8

const (
	outward way = iota
	inward
	ways
)

// enter takes a place for a step of c; false: it waits for one. The caller holds
// the lock, as for the following.
func (r *router) enter(c *conversation, w way) bool {
	if r.atWork[w] < atWork {
		r.atWork[w]++
		c.way = w
		return true
	}
	if !c.late[w] {
		c.late[w] = true
		r.late[w] = append(r.late[w], c)
	}
	return false
}

// turnOutward changes the place of a conversation that runs; false: it gave its
// place away and waits.
func (g *Gateway) turnOutward(c *conversation) bool {
	w := c.way
	if !g.router.enter(c, outward) {
		return false
	}
	g.makeRoom(w)
	return true
}

// makeRoom gives a place back, and starts a conversation that waits for one.
func (g *Gateway) makeRoom(w way) {
	r := &g.router
	r.atWork[w]--
	for len(r.late[w]) > 0 && r.atWork[w] < atWork {
		c := r.late[w][0]
		r.late[w][0], r.late[w] = nil, r.late[w][1:]
		c.late[w] = false
		g.startConversation(c)
	}
}

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
