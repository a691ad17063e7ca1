package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// showBounced sends what waited for a user who is there, as new records: one
// that is in the journal when the program dies is sent by a successor, or comes
// back to it, as any other. When he has just come that is all of it, else what
// is due.
func (g *Gateway) showBounced(ctx context.Context, id bridges.AccountID, all bool) {
	now := time.Now()
	if !g.people.hasBounced(id) || !all && !g.people.due(id, now) {
		return
	}
	again, b, n, left, next := g.readBounced(ctx, id, now, all)
	if len(again) > 0 {
		g.at("commit")
		if g.store.Commit(ctx, b) != nil {
			return
		}
		g.at("committed")
	}
	g.people.released(id, n-left, left, next, now)
	for i, fl := range again {
		g.contain("a message that waited", g.stepSend(fl.keep, b.Cycles[0].Key(i), fl))
	}
}

// readBounced reads what is to be shown again, and the batch that makes records
// of it; of n messages left ones wait on, until next or until the user comes. The
// first of a contact decides for all of the contact, so that they stay in order.
func (g *Gateway) readBounced(ctx context.Context, id bridges.AccountID, now time.Time, all bool) (
	again []*flight, b *mapping.Batch, n, left int, next time.Time,
) {
	cycle := &mapping.Cycle{Bridge: g.domain}
	b = &mapping.Batch{Cycles: []*mapping.Cycle{cycle}}
	turn := map[string]bool{}
	rows := g.waitingFor(ctx, id)
	for _, p := range rows {
		fl := g.readAgain(g.work, id, p)
		if fl == nil {
			continue
		}
		due, decided := turn[fl.keep.From]
		if !decided {
			due = all || !now.Before(p.Next)
			turn[fl.keep.From] = due
			if !due && (next.IsZero() || p.Next.Before(next)) {
				next = p.Next
			}
		}
		if !due {
			left++
			continue
		}
		g.bounces.Set(fl.keep.ID, fl.tried)
		b.Settle = append(b.Settle, p.Key)
		cycle.Records = append(cycle.Records, p.Record)
		again = append(again, fl)
	}
	return again, b, len(rows), left, next
}

// readAgain reads one message that waited; nil: it is not to be shown.
func (g *Gateway) readAgain(ctx context.Context, id bridges.AccountID, p mapping.Parked) *flight {
	x := g.trials.begin(ctx, p.Key)
	defer x.end()
	g.at("begin")
	if x.deaths >= maxDeaths {
		_ = g.putAway(x, x.killer(p.Record)) // or at the next start
		return nil
	}
	o, err := fromRecord(p.Record.Data)
	if err != nil || time.Now().After(p.Expires) {
		g.cfg.Metrics.bounces.WithLabelValues(g.domain, "expired").Inc()
		g.settle(x, p.Key)
		return nil
	}
	return &flight{account: id, keep: o, tried: tried{p.Attempts + 1, p.Expires}}
}

// tryBounced tries what is due for users who are there. The control lane of each
// does it, so that it is not being shown meanwhile.
func (g *Gateway) tryBounced(now time.Time) {
	for _, id := range g.people.dueNow(now) {
		g.enqueueControl(id, false, step{run: func(ctx context.Context) {
			if !g.people.listensSince(id).IsZero() {
				g.showBounced(ctx, id, false)
			}
		}})
	}
}

// sweepBounced forgets what waited too long, in the control lane of each user as
// well.
func (g *Gateway) sweepBounced() {
	for _, id := range g.people.awaited() {
		g.enqueueControl(id, false, step{run: func(ctx context.Context) { g.expireFor(ctx, id) }})
	}
}

func (g *Gateway) expireFor(ctx context.Context, id bridges.AccountID) {
	if !g.people.hasBounced(id) {
		return
	}
	now := time.Now()
	for _, p := range g.waitingFor(ctx, id) {
		if now.After(p.Expires) {
			g.cfg.Metrics.bounces.WithLabelValues(g.domain, "expired").Inc()
			g.settle(ctx, p.Key)
			g.people.forgets(id)
		}
	}
}
