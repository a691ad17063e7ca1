package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// pace spaces bursts of presence: paceBurst in a row, then a pause.
type pace struct {
	gap time.Duration
	n   int
}

// A server answers nobody else while it has a burst to read: one of 50 users
// held Prosody up for 15 ms.
const (
	// greetDelay leaves what has waited for the link its turn.
	greetDelay = 50 * time.Millisecond

	paceBurst = 10
	paceGap   = 10 * time.Millisecond
	// goodbyeGap lets 5000 a second through: a server that has more to read than
	// it can in time still has our stream open when the next start comes, and
	// refuses that as a conflict.
	goodbyeGap = 2 * time.Millisecond
)

func (p *pace) wait(ctx context.Context) error {
	if p.n++; p.n%paceBurst == 0 {
		sleep(ctx, p.gap)
	}
	return ctx.Err()
}

// showContacts sends the presence of all contacts that the user may see.
func (g *Gateway) showContacts(ctx context.Context, id bridges.AccountID) {
	p := pace{gap: paceGap}
	err := g.store.EachContact(ctx, g.domain, id, func(c mapping.Contact) error {
		if c.ID == "" || c.Subscription&mapping.SeesContact == 0 {
			return nil
		}
		g.send(ctx, g.contactPresence(g.contactJID(c.ID), string(id)))
		return p.wait(ctx)
	})
	if err != nil && ctx.Err() == nil {
		g.log.Error("cannot show the contacts", "err", err)
	}
}

// Up implements component.Handler: all registered users learn that the gateway
// is there, and are asked who of them is (xeps.md 0100.40). That ends when the
// link goes down again.
func (g *Gateway) Up(fresh bool) {
	if fresh {
		g.privileges.forget()
	}
	g.people.lost()
	ctx, cancel := context.WithCancel(g.work)
	g.greeted = cancel
	g.wg.Go(func() {
		defer cancel()
		sleep(ctx, greetDelay)
		p := pace{gap: paceGap}
		err := g.store.EachAccount(ctx, g.domain, func(acc mapping.Account) error {
			if g.admits(acc.ID) {
				g.showSelf(ctx, acc)
				g.send(ctx, &stanza.Out{Kind: stanza.Presence, Type: "probe", From: g.domain, To: string(acc.ID)})
			}
			return p.wait(ctx)
		})
		if err != nil && ctx.Err() == nil {
			g.log.Error("cannot greet the users", "err", err)
		}
		g.missUsers(ctx)
	})
}

// Down implements component.Handler.
func (g *Gateway) Down(err error) {
	g.greeted()
	g.people.lost()
	g.log.Info("link down", "err", err)
}

// sayGoodbye tells the users that gateway and contacts are gone, before the
// link closes (xeps.md 0100.40): first who is online as far as we know, then,
// in what is left of the time, all others, who may not show it to us.
func (g *Gateway) sayGoodbye() {
	ctx, cancel := context.WithTimeout(g.work, goodbyeTime)
	defer cancel()
	p := pace{gap: goodbyeGap}
	leave := func(from string, id bridges.AccountID) error {
		g.sendWithin(ctx, &stanza.Out{Kind: stanza.Presence, Type: "unavailable", From: from, To: string(id)})
		return p.wait(ctx)
	}
	told := map[bridges.AccountID]bool{}
	for _, id := range g.people.online() {
		told[id] = true
		_ = leave(g.domain, id)
		_ = g.store.EachContact(ctx, g.domain, id, func(c mapping.Contact) error {
			if c.ID == "" || c.Subscription&mapping.SeesContact == 0 {
				return nil
			}
			return leave(g.contactJID(c.ID)+"/"+resource, id)
		})
	}
	_ = g.store.EachAccount(ctx, g.domain, func(acc mapping.Account) error {
		if told[acc.ID] {
			return nil
		}
		return leave(g.domain, acc.ID)
	})
}
