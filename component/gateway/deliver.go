package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// Deliver implements bridges.Host: the deliveries become one cycle of the
// journal. It refuses all of them, as temporary, when too much is accepted
// that the XMPP server has not taken.
func (g *Gateway) Deliver(ctx context.Context, ds []bridges.Delivery) error {
	ds, err := g.fresh(ctx, ds)
	if err != nil || len(ds) == 0 {
		return err
	}
	ds = g.apart(ds)
	if !g.flights.admit(len(ds), g.policy.Load().bridgeLimit) {
		g.cfg.Metrics.refused.WithLabelValues(g.domain, "network-limit").Inc()
		return &bridges.Error{Kind: bridges.Temporary, Text: "Too much waits for the XMPP server."}
	}
	x := accepting{now: time.Now(), cycle: &mapping.Cycle{Bridge: g.domain}}
	if err = g.accept(&x, ds); err == nil {
		g.at("deliver")
		err = g.store.Commit(ctx, &x.batch)
	}
	if err != nil {
		g.once.restore(x.moved)
		g.flights.release(len(ds))
		return err
	}
	g.at("delivered")
	if x.cycle.Conn != 0 {
		g.places.Set(x.cycle.Conn, x.cycle.Last)
	}
	g.flights.release(len(ds) - len(x.events))
	for i, in := range x.events {
		in.key = x.cycle.Key(i)
		g.once.kept(in)
		g.enqueueIn(in)
	}
	return nil
}

// fresh returns those deliveries that the journal did not have when a
// predecessor died: they stand behind the last place of their stream in it.
func (g *Gateway) fresh(ctx context.Context, ds []bridges.Delivery) ([]bridges.Delivery, error) {
	n := 0
	for n < len(ds) && ds[n].Offset != 0 {
		last, ok := g.places.Get(ds[n].Stream)
		if !ok {
			var err error
			if last, err = g.store.LastOffset(ctx, g.domain, ds[n].Stream); err != nil {
				return nil, err
			}
			g.places.Set(ds[n].Stream, last)
		}
		if ds[n].Offset > last {
			break
		}
		n++
	}
	if n > 0 {
		g.cfg.Metrics.dropped.WithLabelValues(g.domain, "before the takeover").Add(float64(n))
	}
	return ds[n:], nil
}

// accepting is what becomes of the deliveries of one call.
type accepting struct {
	now    time.Time
	batch  mapping.Batch
	cycle  *mapping.Cycle
	events []*incoming
	moved  []moved
}

// accept makes records of what is not a repetition. Where a repetition came
// from is written, too: its stream may die as the first one did. The place is
// written even when nothing else is, so that nothing is looked at twice.
func (g *Gateway) accept(x *accepting, ds []bridges.Delivery) error {
	x.events = make([]*incoming, 0, len(ds))
	x.cycle.Records = make([]mapping.Record, 0, len(ds))
	x.batch.Cycles = []*mapping.Cycle{x.cycle}
	for _, d := range ds {
		if d.Offset != 0 {
			x.cycle.Conn, x.cycle.Last = d.Stream, d.Offset
		}
		if d.Once != "" {
			x.batch.PutOnce = append(x.batch.PutOnce, mapping.Once{Bridge: g.domain, Fingerprint: d.Once, Stream: d.Stream, At: x.now})
			if m, ok := g.once.repeats(d.Once, d.Stream, x.now); ok {
				g.countDropped("redelivery")
				x.moved = append(x.moved, m)
				continue
			}
		}
		in, err := newIncoming(d, x.now.Add(time.Duration(len(x.events)))) // no two at one moment: see outruns
		if err != nil {
			return err
		}
		if (in.Message != nil || in.Change != nil) && localpart(string(in.chat())) == "" {
			g.countDropped("no address")
			g.log.Error("the network names an id that has no address", "account", in.Account, "chat", in.chat())
			continue
		}
		rec, err := in.encode()
		if err != nil {
			return err
		}
		x.cycle.Records = append(x.cycle.Records, rec)
		x.events = append(x.events, in)
	}
	return nil
}
