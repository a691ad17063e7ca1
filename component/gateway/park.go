package gateway

import (
	"context"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

const (
	// parkAfter is how long an accepted text may stay in its cycle's blob.
	parkAfter = 5 * time.Second
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
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			for _, c := range g.claimOld(now) {
				g.park(c, now)
			}
			g.expireEarly(now)
			g.showExpired(ctx, now)
			g.commands.expire(now)
			g.once.expire(now)
			g.sessions.closeIdle(now)
			g.cfg.Metrics.unsettled.WithLabelValues(g.domain).Set(float64(g.unsettledNow()))
		}
	}
}

func (g *Gateway) unsettledNow() int {
	g.router.mu.Lock()
	defer g.router.mu.Unlock()
	return g.router.unsettled
}

// claimOld marks as running the conversations that wait for a retry with texts
// that are due to be parked, so that nothing else touches them meanwhile.
func (g *Gateway) claimOld(now time.Time) []*conversation {
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	var old []*conversation
	for _, c := range r.waiting {
		if !c.running && !r.closed && len(c.out) > 0 && now.Sub(c.out[0].at) >= parkAfter {
			c.running = true
			r.running++
			old = append(old, c)
		}
	}
	return old
}

// park moves the texts of a claimed conversation to rows of their own, and
// gives it back. The head stays in memory.
func (g *Gateway) park(c *conversation, now time.Time) {
	r := &g.router
	r.mu.Lock()
	out, next := c.out, c.retryAt
	c.out = nil
	r.mu.Unlock()
	b := &mapping.Batch{Park: make([]mapping.Parked, len(out))}
	for i, m := range out {
		if next.IsZero() {
			next = now
		}
		b.Park[i] = g.parkedRow(c.user.id, m, next, m.doubt)
		m.parked = true
	}
	g.store.Behind(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.parked == 0 {
		c.loaded = out[:1:1]
	}
	c.parked += len(out)
	c.running = false
	r.ended()
	g.startConversation(c)
}

// load reads the next parked texts of c. Empty: there are none.
func (g *Gateway) load(ctx context.Context, c *conversation) ([]*outgoing, error) {
	rows, err := g.store.Waiting(ctx, g.domain, queueName(c.user.id, c.contact), chunk)
	if err != nil {
		return nil, err
	}
	out := make([]*outgoing, 0, len(rows))
	for _, p := range rows {
		s, err := stanza.Parse(p.Record.Data)
		if err != nil {
			g.quarantine(p.Key, p.Record, err)
			continue
		}
		out = append(out, &outgoing{
			key: p.Key, s: s, at: time.Now(), expires: p.Expires, attempts: p.Attempts,
			doubt: p.Doubt, parked: true,
		})
	}
	return out, nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
