package gateway

import (
	"context"

	"causeway/component/stanza"
	"causeway/mapping"
)

// inTurn is how many events of the network go before a text of the user that could
// go to the network. Without that a link that takes less than comes in would hold
// it up for ever.
const inTurn = 16

// conversation is the queue between a user and a contact. Its fields belong
// to the router's lock, but for what only the running goroutine touches: the
// contents of head.
type conversation struct {
	user    *user
	contact string // localpart
	in      []*incoming
	running bool
	way     way          // for which it holds a place among those at work, when running
	late    [ways]bool   // it waits for such a place: see router.late
	pauses  [ways]paused // of head, and of the first of in
	parking bool         // old texts are moved to rows of their own: none begins
	awaits  *incoming    // of in: something is brought for it
	shown   int          // events since the last text

	// The texts of the user, in order: head, then the rows, then out.
	head   *outgoing   // whose turn it is: under way, or waiting for its next attempt
	loaded []*outgoing // the first of the rows, read already
	parked int         // rows in the store behind head
	out    []*outgoing // accepted, and still in the blob of their cycle

	sent    sentTexts // while others wait: their repetitions may be among them
	doubt   bool      // see router.doubtHeads
	inDoubt bool      // it was, and head decides
}

// startConversation gives a conversation with work its goroutine. The caller
// holds the lock.
func (g *Gateway) startConversation(c *conversation) {
	if r := &g.router; c.running || r.closed || r.held || !c.hasWork() {
		return
	}
	if !g.router.enter(c, c.turn()) {
		return
	}
	c.running = true
	c.user.busy++
	g.router.running++
	g.employ(c)
}

func (c *conversation) hasWork() bool {
	if c.user.quiet {
		return false
	}
	return c.hasIn() || c.hasOut()
}

// hasOut tells whether a text can go to the network now.
func (c *conversation) hasOut() bool {
	return !c.pauses[outward].is() && !c.parking && c.hasTexts()
}

// turn is which way the next step goes.
func (c *conversation) turn() way {
	if c.hasIn() && (c.shown < inTurn || !c.hasOut()) {
		return inward
	}
	return outward
}

// hasIn tells whether an event of the network can be shown now.
func (c *conversation) hasIn() bool {
	return len(c.in) > 0 && c.awaits == nil && !c.pauses[inward].is()
}

func (c *conversation) hasTexts() bool {
	return c.head != nil || c.parked > 0 || len(c.out) > 0
}

// runConversation serves a conversation until it has no work: what comes in
// goes first, as far as inTurn says, and is not held up by a text that waits for
// its next attempt.
func (g *Gateway) runConversation(c *conversation) {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.closed && g.work.Err() == nil && c.hasWork() {
		w := c.turn()
		if w == outward && c.way == inward && !g.turnOutward(c) {
			if !c.hasIn() {
				break
			}
			w = inward
		}
		g.stepConversation(c, w)
	}
	c.running = false
	c.user.busy--
	g.settleConversation(c)
	g.makeRoom(c.way)
	r.ended()
	if c.user.quiet {
		r.idle.Broadcast()
	}
}

// stepConversation does one step of a conversation, in one of its ways. The caller holds
// the lock, which is not held meanwhile.
func (g *Gateway) stepConversation(c *conversation, w way) {
	r := &g.router
	switch {
	case w == inward && g.bringsNext(c): // it goes on when that is there
	case w == inward:
		c.shown++
		in := c.in[0]
		c.in[0] = nil
		c.in = c.in[1:]
		r.mu.Unlock()
		g.stepIn(in)
		r.mu.Lock()
		r.comesAgain(c, in)
	case c.next():
		c.shown = 0
		m := c.head
		r.mu.Unlock()
		v := g.tryText(c, m)
		r.mu.Lock()
		g.after(c, v)
	default:
		counted := c.parked
		r.mu.Unlock()
		texts, lacking := g.load(g.work, c, counted)
		r.mu.Lock()
		r.loaded(c, texts, lacking)
	}
}

// next makes the next text the head. False: it must be loaded first. The
// caller holds the lock.
func (c *conversation) next() bool {
	switch {
	case c.head != nil:
	case len(c.loaded) > 0:
		c.head, c.loaded = c.loaded[0], c.loaded[1:]
		c.parked--
	case c.parked > 0:
		return false
	default:
		c.head = c.out[0]
		c.out[0] = nil
		c.out = c.out[1:]
	}
	if c.doubt {
		c.inDoubt, c.doubt = true, false
		c.head.doubt = c.head.doubt || !c.head.parked // a row says it itself
	}
	return true
}

// load reads the next rows of c. It tells how many of those that were counted
// are not there or cannot be read. It asks until the store answers or ctx ends.
func (g *Gateway) load(ctx context.Context, c *conversation, counted int) (texts []*outgoing, lacking int) {
	var rows []mapping.Parked
	ok := g.insist(ctx, "read parked messages", func() (err error) {
		rows, err = g.store.Waiting(ctx, g.domain, queueName(c.user.id, c.contact), chunk)
		return err
	})
	if ok && len(rows) == 0 {
		return nil, counted
	}
	hold := g.policy.Load().hold
	for _, p := range rows {
		m := g.loadOne(ctx, p)
		if m == nil {
			lacking++
			continue
		}
		m.at = p.Expires.Add(-hold)
		texts = append(texts, m)
	}
	return texts, lacking
}

// loadOne makes a text of its row; nil: it was taken away. That its outcome is
// in doubt means nothing when the row says so for an attempt that the bridge
// remembers.
func (g *Gateway) loadOne(ctx context.Context, p mapping.Parked) *outgoing {
	x := g.trials.begin(ctx, p.Key)
	defer x.rest()
	g.at("load")
	if x.deaths >= maxDeaths && g.putAway(x, x.killer(p.Record)) == nil {
		return nil
	}
	s, err := stanza.Parse(p.Record.Data)
	if err != nil {
		g.quarantine(p.Key, p.Record, err)
		return nil
	}
	m := &outgoing{
		key: p.Key, s: s, mark: lastingMark(s.ID), expires: p.Expires, attempts: p.Attempts,
		doubt: p.Doubt, parked: true, tried: g.remembers && x.flags&sending != 0,
	}
	if m.tried {
		m.doubt = x.flags&doubted != 0
	}
	return m
}

// loaded enters what load read, and sets the count right. The caller holds the
// lock.
func (r *router) loaded(c *conversation, texts []*outgoing, lacking int) {
	rows := max(c.parked-lacking, len(texts))
	c.user.unsettled += rows - c.parked
	r.unsettled += rows - c.parked
	c.loaded, c.parked = texts, rows
}

// after takes the head off when it is done with, else notes when it may be
// tried again. The caller holds the lock.
func (g *Gateway) after(c *conversation, v verdict) {
	if !v.done {
		g.router.retryLater(c, outward, v.retryAt)
		return
	}
	c.doubt, c.inDoubt = c.inDoubt && v.untouched, false
	c.head = nil
	c.user.unsettled--
	g.router.unsettled--
	if v.sent != nil && c.hasTexts() {
		c.sent.add(*v.sent)
	}
}

// settleConversation forgets a conversation without work. The caller holds
// the lock.
func (g *Gateway) settleConversation(c *conversation) {
	if len(c.in) == 0 && !c.hasTexts() && !c.running && !c.parking && c.awaits == nil {
		delete(c.user.convs, c.contact)
		g.router.tidy(c.user)
	}
}
