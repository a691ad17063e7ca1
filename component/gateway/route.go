package gateway

import (
	"context"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

const (
	// controlLimit bounds what waits in the control lane of one user.
	controlLimit = 500
	// stopTime bounds how long the messages under way may take at the end.
	stopTime = 10 * time.Second
)

// router holds the queues. A user's control lane keeps presence, IQs and the
// chat with the gateway in order; each conversation has a queue for both
// directions. A queue has a goroutine only while it has work, and exists only
// while it has work or rows in the store.
type router struct {
	mu        sync.Mutex
	users     map[bridges.AccountID]*user
	unsettled int // of all users
	running   int
	closed    bool // no new step begins
	held      bool // nothing begins yet: the journal is being read
	expired   bool // the time to finish is over
	idle      sync.Cond
	waiting   retryHeap
	wake      chan struct{} // tells retry that the head of waiting changed
}

// user is one bare JID with work.
type user struct {
	id        bridges.AccountID
	control   []func(context.Context)
	running   bool
	unsettled int
	convs     map[string]*conversation
}

// conversation is the queue between a user and a contact. Its fields belong
// to the router's lock, but for what only the running goroutine touches.
type conversation struct {
	user    *user
	contact string // localpart
	in      []*incoming
	out     []*outgoing // accepted, in order, behind the parked ones
	running bool

	parked  int         // rows in the store that come before out
	loaded  []*outgoing // the first of them, read already
	doubt   bool        // an attempt at the next text may have been made before a crash
	retryAt time.Time   // out waits until then; zero: it does not
	slot    int         // place in the heap, when retryAt is set
}

// outgoing is a text of a user on its way to the network.
type outgoing struct {
	key      mapping.Key
	s        *stanza.Stanza
	at       time.Time // when we accepted it
	expires  time.Time
	attempts int
	doubt    bool // an earlier attempt's outcome is not known
	parked   bool // it has a row of its own
}

func (r *router) init() {
	r.users = map[bridges.AccountID]*user{}
	r.idle.L = &r.mu
	r.wake = make(chan struct{}, 1)
}

func (r *router) user(id bridges.AccountID) *user {
	u := r.users[id]
	if u == nil {
		u = &user{id: id, convs: map[string]*conversation{}}
		r.users[id] = u
	}
	return u
}

func (r *router) conversation(id bridges.AccountID, contact string) *conversation {
	u := r.user(id)
	c := u.convs[contact]
	if c == nil {
		c = &conversation{user: u, contact: contact, slot: -1}
		u.convs[contact] = c
	}
	return c
}

// tidy forgets a user without work.
func (r *router) tidy(u *user) {
	if !u.running && len(u.control) == 0 && u.unsettled == 0 && len(u.convs) == 0 {
		delete(r.users, u.id)
	}
}

// count changes the number of unsettled messages of a user.
func (r *router) count(id bridges.AccountID, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.user(id)
	u.unsettled += n
	r.unsettled += n
	r.tidy(u)
}

// enqueueControl appends to the control lane of a user; false when it is full.
func (g *Gateway) enqueueControl(id bridges.AccountID, f func(context.Context)) bool {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.user(id)
	if len(u.control) >= controlLimit && !r.held {
		return false
	}
	u.control = append(u.control, f)
	g.startControl(u)
	return true
}

// startControl gives a lane with work its goroutine. The caller holds the lock.
func (g *Gateway) startControl(u *user) {
	r := &g.router
	if !u.running && !r.closed && !r.held && len(u.control) > 0 {
		u.running = true
		r.running++
		go g.runControl(u)
	}
}

func (g *Gateway) runControl(u *user) {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(u.control) > 0 && !r.closed {
		f := u.control[0]
		u.control[0] = nil
		u.control = u.control[1:]
		r.mu.Unlock()
		g.guard("control", func() { f(g.work) })
		r.mu.Lock()
	}
	u.running = false
	r.tidy(u)
	r.ended()
}

// ended counts a lane's goroutine out.
func (r *router) ended() {
	r.running--
	if r.running == 0 {
		r.idle.Broadcast()
	}
}

// enqueueOut appends a text of a user. It tells false when a bound is reached.
func (g *Gateway) enqueueOut(id bridges.AccountID, contact string, m *outgoing) bool {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.user(id)
	if !r.held && (u.unsettled >= g.policy.Load().accountLimit || r.unsettled >= g.policy.Load().bridgeLimit) {
		r.tidy(u)
		return false
	}
	u.unsettled++
	r.unsettled++
	c := r.conversation(id, contact)
	c.out = append(c.out, m)
	g.startConversation(c)
	return true
}

// enqueueIn appends an event of the network. Deliver has checked the bound.
func (g *Gateway) enqueueIn(in *incoming) {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.conversation(in.Account, localpart(string(in.chat())))
	c.in = append(c.in, in)
	g.startConversation(c)
}

// startConversation gives a conversation with work its goroutine. The caller
// holds the lock.
func (g *Gateway) startConversation(c *conversation) {
	if r := &g.router; c.running || r.closed || r.held || !c.hasWork() {
		return
	}
	c.running = true
	g.router.running++
	go g.runConversation(c)
}

func (c *conversation) hasWork() bool {
	return len(c.in) > 0 || c.retryAt.IsZero() && (c.parked > 0 || len(c.out) > 0)
}

// runConversation serves a conversation until it has no work: what comes in
// goes first, and is not held up by a text that waits for its next attempt.
func (g *Gateway) runConversation(c *conversation) {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.closed && g.work.Err() == nil && c.hasWork() {
		if len(c.in) > 0 {
			in := c.in[0]
			c.in[0] = nil
			c.in = c.in[1:]
			r.mu.Unlock()
			g.guard("incoming", func() { g.stepIn(g.work, in) })
			r.mu.Lock()
			continue
		}
		m := c.first()
		r.mu.Unlock()
		if m == nil {
			g.loadNext(c)
			r.mu.Lock()
			continue
		}
		next := g.stepOut(g.work, c, m)
		r.mu.Lock()
		g.after(c, m, next)
	}
	c.running = false
	g.settleConversation(c)
	r.ended()
}

// first returns the text whose turn it is; nil when it must be loaded.
func (c *conversation) first() *outgoing {
	switch {
	case c.parked == 0:
		return c.out[0]
	case len(c.loaded) > 0:
		return c.loaded[0]
	}
	return nil
}

// loadNext reads the next parked texts. When the store has none, the count
// was wrong, and the bounds are set right.
func (g *Gateway) loadNext(c *conversation) {
	loaded, err := g.load(g.work, c)
	if err != nil {
		g.log.Error("cannot read parked messages", "err", err)
		sleep(g.work, time.Second)
		return
	}
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	c.loaded = loaded
	if len(loaded) == 0 {
		c.user.unsettled -= c.parked
		r.unsettled -= c.parked
		c.parked = 0
	}
}

// after takes m off its queue when it is done with, else notes when it may be
// tried again. The caller holds the lock.
func (g *Gateway) after(c *conversation, m *outgoing, v verdict) {
	if !v.done {
		g.router.retryLater(c, v.retryAt)
		return
	}
	if m.parked && len(c.loaded) > 0 {
		c.loaded = c.loaded[1:]
		c.parked--
	} else if len(c.out) > 0 {
		c.out[0] = nil
		c.out = c.out[1:]
	}
	c.user.unsettled--
	g.router.unsettled--
}

// settleConversation forgets a conversation without work. The caller holds the lock.
func (g *Gateway) settleConversation(c *conversation) {
	if len(c.in) == 0 && len(c.out) == 0 && c.parked == 0 && !c.running {
		delete(c.user.convs, c.contact)
		g.router.tidy(c.user)
	}
}
