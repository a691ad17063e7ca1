package gateway

import (
	"slices"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
)

const (
	// controlLimit bounds what waits in the control lane of one user, and
	// controlTotal all that is in the lanes, of however many.
	controlLimit, controlTotal = 500, 20_000
	// probeLimit and probeTotal leave room for all else behind the probes of a
	// log-in, one for each contact.
	probeLimit, probeTotal = controlLimit / 2, controlTotal / 2
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
	atWork    [ways]int             // conversations that run, at most as many each way as the constant
	late      [ways][]*conversation // have work and wait until another has ended
	controls  int                   // steps in the control lanes, under way or not
	closed    bool                  // no new step begins
	held      bool                  // nothing begins yet: the journal is being read
	keeps     bool                  // events of the network go to kept: the gateway is off
	kept      []*incoming
	expired   bool // the time to finish is over
	idle      sync.Cond
	waiting   retryHeap
	workers   workers
	wake      bell // tells retry that the head of waiting changed
}

// user is one bare JID with work.
type user struct {
	id        bridges.AccountID
	control   []step
	running   bool
	quiet     bool // no conversation begins a step; see router.quiet
	busy      int  // conversations that run or are being parked, and signs that have their turn
	unsettled int
	convs     map[string]*conversation
}

func (r *router) init() {
	r.users = map[bridges.AccountID]*user{}
	r.idle.L = &r.mu
	r.wake = newBell()
}

func (r *router) user(id bridges.AccountID) *user {
	u := r.users[id]
	if u == nil {
		// A clone: the id is a piece of a stanza, which may be large.
		u = &user{id: clone(id), convs: map[string]*conversation{}}
		r.users[u.id] = u
	}
	return u
}

func (r *router) conversation(id bridges.AccountID, contact string) *conversation {
	u := r.user(id)
	c := u.convs[contact]
	if c == nil {
		c = &conversation{user: u, contact: strings.Clone(contact)}
		u.convs[c.contact] = c
	}
	return c
}

// tidy forgets a user without work.
func (r *router) tidy(u *user) {
	if !u.running && u.busy == 0 && len(u.control) == 0 && u.unsettled == 0 && len(u.convs) == 0 {
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

// enqueueControl appends to the control lane of a user; false when it or all of
// them are full, unless the step must not be refused.
func (g *Gateway) enqueueControl(id bridges.AccountID, must bool, st step) bool {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.user(id)
	if (len(u.control) >= controlLimit || r.controls >= controlTotal) && !r.held && !must {
		r.tidy(u)
		return false
	}
	u.control = append(u.control, st)
	r.controls++
	g.startControl(u)
	return true
}

// hasRoomForProbe tells whether a probe may wait behind what waits already. Who
// arrives is shown all contacts, asked or not.
func (r *router) hasRoomForProbe(id bridges.AccountID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.users[id]
	return r.held || r.controls < probeTotal && (u == nil || len(u.control) < probeLimit)
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
		st := u.control[0]
		u.control[0] = step{}
		u.control = u.control[1:]
		r.mu.Unlock()
		g.contain("the control lane", st)
		r.mu.Lock()
		r.controls--
		g.unquiet(u)
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

// enqueueIn puts an event of the network among those that wait, in the order of
// the journal: one that waited elsewhere, or came beside another, takes the turn
// that a successor would give it. So which of several receipts is the one that
// makes a text delivered is the same in each life. Deliver has checked the
// bound.
func (g *Gateway) enqueueIn(in *incoming) {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keeps {
		r.kept = append(r.kept, in)
		return
	}
	c := r.conversation(in.Account, localpart(string(in.chat())))
	i := len(c.in)
	for i > 0 && before(in.place(), c.in[i-1].place()) {
		i--
	}
	c.in = slices.Insert(c.in, i, in)
	g.startConversation(c)
}

// hold keeps queues from starting; bounds do not apply to what they take up.
func (r *router) hold(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = on
}

// start lets the queues run: outgoing ones by and by, as if they had waited.
func (g *Gateway) start() {
	r := &g.router
	r.hold(false)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, u := range r.users {
		g.startControl(u)
		for _, c := range u.convs {
			if c.hasTexts() {
				r.retryLater(c, outward, now)
			}
			g.startConversation(c)
		}
	}
}

// waitingOf counts the unsettled texts of a user.
func (r *router) waitingOf(id bridges.AccountID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u := r.users[id]; u != nil {
		return u.unsettled
	}
	return 0
}
