package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
)

// quietTime bounds how long a user who leaves waits for the messages that are
// under way.
const quietTime = sendTime + 10*time.Second

// quiet lets no conversation of a user begin a step, and waits for those under
// way (bounded), so that nothing of the user is written behind the back of
// what deletes it. It lasts until the step of the control lane that called it
// ends.
func (r *router) quiet(id bridges.AccountID) {
	late := false
	t := time.AfterFunc(quietTime, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		late = true
		r.idle.Broadcast()
	})
	defer t.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.user(id)
	u.quiet = true
	for u.busy > 0 && !late {
		r.idle.Wait()
	}
}

// unquiet ends a quiet after a step of the control lane. The caller holds the
// lock.
func (g *Gateway) unquiet(u *user) {
	if !u.quiet {
		return
	}
	u.quiet = false
	for _, c := range u.convs {
		g.startConversation(c)
		g.settleConversation(c)
	}
}

// giveUpWaiting answers the texts of a quiet user that wait in rows of their
// own: the rows go with the account. What waits in memory finds no account at
// its next attempt.
func (g *Gateway) giveUpWaiting(ctx context.Context, t *tx) error {
	for contact, n := range g.router.backlogs(t.account) {
		rows, err := g.store.Waiting(ctx, g.domain, queueName(t.account, contact), n)
		if err != nil {
			return err
		}
		for _, p := range rows {
			t.done = append(t.done, func() { g.settledWithBridge(p.Key) })
			if s, err := stanza.Parse(p.Record.Data); err == nil {
				if o, ok := errNotRegistered.Reply(s); ok {
					t.send(o)
				}
			}
		}
	}
	t.done = append(t.done, func() { g.router.forgetRows(t.account) })
	return nil
}

// backlogs counts the rows of a user by contact.
func (r *router) backlogs(id bridges.AccountID) map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := map[string]int{}
	if u := r.users[id]; u != nil {
		for contact, c := range u.convs {
			if n := c.rows(); n > 0 {
				rows[contact] = n
			}
		}
	}
	return rows
}

// rows counts what c has in rows of their own.
func (c *conversation) rows() int {
	if c.head != nil && c.head.parked {
		return c.parked + 1
	}
	return c.parked
}

// forgetRows follows the deletion of all rows of a user. What is left is tried
// at once.
func (r *router) forgetRows(id bridges.AccountID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.users[id]
	if u == nil {
		return
	}
	for _, c := range u.convs {
		n := c.rows()
		u.unsettled -= n
		r.unsettled -= n
		c.loaded, c.parked = nil, 0
		if c.head != nil && c.head.parked {
			c.head = nil
		}
		r.retryNoMore(c, outward)
	}
}
