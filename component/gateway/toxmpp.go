package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/delay"
	"causeway/mapping"
)

// late is the age from which a message shows when it was sent. A shorter
// delay would only make clients mark it as late (xeps.md 0203.4).
const late = 10 * time.Second

// Deliver implements bridges.Host: the deliveries become one cycle of the
// journal. It refuses all of them, as temporary, when too much is accepted
// that the XMPP server has not taken.
func (g *Gateway) Deliver(ctx context.Context, ds []bridges.Delivery) error {
	if !g.flights.admit(len(ds), g.policy.Load().bridgeLimit) {
		g.cfg.Metrics.refused.WithLabelValues(g.domain, "network-limit").Inc()
		return &bridges.Error{Kind: bridges.Temporary, Text: "Too much waits for the XMPP server."}
	}
	x := accepting{now: time.Now(), cycle: &mapping.Cycle{Bridge: g.domain}}
	err := g.accept(&x, ds)
	if err == nil && len(x.events) > 0 {
		x.batch.Cycles = []*mapping.Cycle{x.cycle}
	}
	if err == nil && len(ds) > 0 {
		err = g.store.Commit(ctx, &x.batch)
	}
	if err != nil {
		g.once.restore(x.moved)
		g.flights.release(len(ds))
		return err
	}
	g.flights.release(len(ds) - len(x.events))
	for i, in := range x.events {
		in.key = x.cycle.Key(i)
		g.once.kept(in)
		g.enqueueIn(in)
	}
	return nil
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
// from is written, too: its stream may die as the first one did.
func (g *Gateway) accept(x *accepting, ds []bridges.Delivery) error {
	x.events = make([]*incoming, 0, len(ds))
	x.cycle.Records = make([]mapping.Record, 0, len(ds))
	for _, d := range ds {
		if d.Once != "" {
			x.batch.PutOnce = append(x.batch.PutOnce, mapping.Once{Bridge: g.domain, Fingerprint: d.Once, Stream: d.Stream, At: x.now})
			if m, ok := g.once.repeats(d.Once, d.Stream, x.now); ok {
				g.cfg.Metrics.dropped.WithLabelValues(g.domain, "redelivery").Inc()
				x.moved = append(x.moved, m)
				continue
			}
		}
		in, err := newIncoming(d, x.now)
		if err != nil {
			return err
		}
		if in.Message != nil && localpart(string(in.chat())) == "" {
			g.cfg.Metrics.dropped.WithLabelValues(g.domain, "no address").Inc()
			g.log.Error("message from an id that has no address", "account", in.Account, "chat", in.chat())
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

// stepIn turns one event of the network into what the user sees of it.
func (g *Gateway) stepIn(in *incoming) {
	g.contain("an event of the network", step{
		poisoned: func(reason string) { g.poisonedEvent(in, reason) },
		run: func(ctx context.Context) {
			switch in.Kind {
			case kindMessage:
				g.showMessage(ctx, in)
			case kindReceipt:
				g.showReceipt(ctx, in)
			case kindPart:
				g.keepPart(ctx, in)
			}
		},
	})
}

// finishIn settles an event that becomes no stanza.
func (g *Gateway) finishIn(in *incoming, reason string, rows ...mapping.Message) {
	if reason != "" {
		g.cfg.Metrics.dropped.WithLabelValues(g.domain, reason).Inc()
		g.log.Debug("event dropped", "id", trace(in.key), "reason", reason)
	}
	g.store.Behind(&mapping.Batch{Settle: []mapping.Key{in.key}, PutMessages: rows})
	g.flights.release(1)
}

func (g *Gateway) showMessage(ctx context.Context, in *incoming) {
	if !g.member(ctx, in.Account) {
		g.finishIn(in, "no account")
		return
	}
	if in.Message.ID != "" && !g.claimID(ctx, in) {
		g.finishIn(in, "repetition of the network")
		return
	}
	o := g.chatMessage(in, time.Now())
	g.sendKeyed(o, in.key, &flight{account: in.Account, keep: o, inbound: true})
	g.hot.in.Inc()
	if g.debugs() {
		g.log.Debug("message for the user", "id", trace(in.key), "stanza", o.ID)
	}
}

// claimID ties the network's id to the stanza. False: another stanza has it.
func (g *Gateway) claimID(ctx context.Context, in *incoming) bool {
	var m mapping.Message
	var found bool
	ok := g.insist(ctx, "read messages", func() (err error) {
		m, found, err = g.store.MessageByID(ctx, g.domain, in.Message.ID)
		return err
	})
	if !ok || found {
		return !ok || m.Stanza == in.Stanza
	}
	g.store.Behind(&mapping.Batch{PutMessages: []mapping.Message{{
		Bridge: g.domain, ID: in.Message.ID, Account: in.Account, Chat: in.Message.Chat,
		Stanza: in.Stanza, Parts: 1, State: bridges.Delivered, At: in.At,
	}}})
	return true
}

// chatMessage shapes a message of a contact (xeps.md 5.1): from its one
// resource to the bare JID, so that the server can fan out, copy and archive.
func (g *Gateway) chatMessage(in *incoming, now time.Time) *stanza.Out {
	m := in.Message
	o := &stanza.Out{
		Kind: stanza.Message, Type: "chat", ID: in.Stanza,
		From: g.contactJID(m.Chat) + "/" + resource, To: string(in.Account),
	}
	o.Payload.Leaf("body", "", m.Text)
	sent := m.Sent
	if sent.IsZero() {
		sent = in.At
	}
	if now.Sub(sent) > late {
		delay.Delay{From: g.domain, Stamp: sent}.Append(&o.Payload)
	}
	return o
}
