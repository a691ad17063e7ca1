package gateway

import (
	"context"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

const (
	// parkAfter is how long an accepted text may stay in its cycle's blob.
	parkAfter = 5 * time.Second
	// parkBatch is how many conversations are parked by one transaction.
	parkBatch = 256
	// chunk is how many parked texts of a conversation are read at once.
	chunk = 16
)

// queueName names the outgoing side of a conversation in the store.
func queueName(id bridges.AccountID, contact string) string {
	return "out " + string(id) + " " + contact
}

// contactOf returns the localpart in a queue's name.
func contactOf(id bridges.AccountID, queue string) (string, bool) {
	return strings.CutPrefix(queue, "out "+string(id)+" ")
}

func (g *Gateway) parkedRow(id bridges.AccountID, m *outgoing, next time.Time, doubt bool) mapping.Parked {
	return mapping.Parked{
		Key: m.key, Bridge: g.domain, Account: id, Conversation: queueName(id, localOf(m.s.To)),
		Record: mapping.Record{Kind: mapping.FromXMPP, Data: []byte(m.s.Raw())},
		Next:   next, Expires: m.expires, Attempts: m.attempts, Doubt: doubt,
	}
}

// sweep parks what waits too long, and forgets what has expired.
func (g *Gateway) sweep(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	bounced := time.Now() // looked after last
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			g.parkOld(now)
			g.expireEarly(now)
			g.awaitLess(now)
			g.showExpired(now)
			g.commands.expire(now)
			g.dialogues.expire(now)
			g.once.expire(now)
			g.repeats.expire(now)
			g.signs.renew(now, false)
			g.sessions.closeIdle(now)
			g.tryBounced(now)
			if now.Sub(bounced) >= bounceSweep {
				bounced = now
				g.sweepBounced()
			}
			g.cfg.Metrics.unsettled.WithLabelValues(g.domain).Set(float64(g.unsettledNow()))
		}
	}
}

func (g *Gateway) unsettledNow() int {
	g.router.mu.Lock()
	defer g.router.mu.Unlock()
	return g.router.unsettled
}

// parkOld moves the texts that wait too long to rows of their own. Only heads
// stay in memory.
func (g *Gateway) parkOld(now time.Time) {
	for {
		old := g.claimOld(now)
		if len(old) == 0 {
			return
		}
		b := new(mapping.Batch)
		var dropped []mapping.Key
		for i := range old {
			dropped = append(dropped, g.park(b, &old[i], now)...)
		}
		if len(dropped) > 0 {
			b.Done = func() { g.settledWithBridge(dropped...) }
		}
		g.store.Behind(b)
		g.parked(old)
	}
}

// park makes rows of claimed texts, and returns the keys of those that become none:
// when the turn of a repetition comes, the book may have forgotten what it repeats.
func (g *Gateway) park(b *mapping.Batch, o *old, now time.Time) (dropped []mapping.Key) {
	next := o.next
	if next.IsZero() {
		next = now
	}
	for _, m := range o.texts {
		if m.attempts == 0 && g.repeated(o.c, m) {
			g.countDropped("repetition")
			m.dropped = true
			b.Settle = append(b.Settle, m.key)
			dropped = append(dropped, m.key)
			continue
		}
		m.doubt, o.doubt = m.doubt || o.doubt, false
		b.Park = append(b.Park, g.parkedRow(o.c.user.id, m, next, m.doubt))
	}
	return dropped
}

// old are the texts of a conversation that are to be parked.
type old struct {
	c     *conversation
	texts []*outgoing
	next  time.Time // of the head, which the others follow
	doubt bool      // see conversation.doubt
}

// claimOld takes old texts off their queues. No text of such a conversation
// begins before the rows are written, or the queue would pass over them. What
// is under way now stays where it is, and where rows are being read, nothing
// is moved: they would be counted twice.
func (g *Gateway) claimOld(now time.Time) (all []old) {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unsettled == 0 || r.closed {
		return nil
	}
	for _, u := range r.users {
		for _, c := range u.convs {
			if o := c.claim(now); len(o) > 0 {
				c.parking = true
				u.busy++
				all = append(all, old{c, o, c.pauses[outward].at, c.doubt})
				c.doubt = false
			}
			if len(all) == parkBatch {
				return all
			}
		}
	}
	return all
}

// claim returns the texts of c that are to be parked now.
func (c *conversation) claim(now time.Time) (texts []*outgoing) {
	isOld := func(m *outgoing) bool { return now.Sub(m.at) >= parkAfter }
	if c.parking || c.running && (c.head == nil || c.inDoubt) {
		return nil
	}
	if c.head != nil && !c.head.parked && !c.running && isOld(c.head) {
		texts = append(texts, c.head)
	}
	if len(c.out) > 0 && isOld(c.out[0]) {
		texts = append(texts, c.out...)
		c.out = nil
	}
	return texts
}

// parked says that the rows of the claimed texts are written.
func (g *Gateway) parked(all []old) {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range all {
		o := &all[i]
		for _, m := range o.texts {
			m.parked = !m.dropped
			switch {
			case m.dropped:
				o.c.user.unsettled--
				r.unsettled--
				if m == o.c.head {
					o.c.head = nil
					o.doubt, o.c.inDoubt = o.doubt || o.c.inDoubt, false
				}
			case m != o.c.head:
				o.c.parked++
			}
		}
		o.c.parking = false
		o.c.doubt = o.c.doubt || o.doubt
		o.c.user.busy--
		g.startConversation(o.c)
		g.settleConversation(o.c)
	}
	r.idle.Broadcast()
}
