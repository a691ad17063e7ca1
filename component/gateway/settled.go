package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component"
	"causeway/mapping"
)

// Settled implements component.Handler. What bounced meanwhile is no flight
// any more: its record lives on. What a predecessor sent is settled by its key,
// though its turn may be yet to come here: the link knows it then. If done
// waited for that, a worker that dies sooner would leave its successor all of
// it to wait for, and more each time, until the link has no room for what comes
// before.
func (g *Gateway) Settled(keys []component.Key, done func()) {
	b := &mapping.Batch{Settle: make([]mapping.Key, 0, len(keys)), Done: done}
	for _, k := range keys {
		g.settled(b, mapping.Key(k))
	}
	g.at("settled")
	g.store.Behind(b)
}

// settled adds to b what is on disk once the server has a stanza.
func (g *Gateway) settled(b *mapping.Batch, k mapping.Key) {
	fl := g.flights.take(k)
	if fl == nil {
		event, failed := g.inherited.settles(k)
		if failed || g.flights.hasReturned(k) {
			return
		}
		fl = g.told(g.work, event)
	}
	b.Settle = appendNamed(b.Settle, k, fl.record)
	b.PutMessages = append(b.PutMessages, fl.rows...)
}

// told finds what is written together with an event that a predecessor sent (nil: it
// is none). It looks at the disk alone: what the steps of this gateway know is as it
// was before that event, whose turn comes.
func (g *Gateway) told(ctx context.Context, event *incoming) *flight {
	switch {
	case event == nil:
	case event.Receipt != nil:
		return g.toldReceipt(ctx, event.Receipt)
	case event.Message != nil:
		return &flight{rows: g.toldMessage(ctx, event)}
	}
	return new(flight)
}

// toldReceipt finds the message that it is about.
func (g *Gateway) toldReceipt(ctx context.Context, r *receipt) *flight {
	fl := new(flight)
	var parts []mapping.Message
	w, ok := g.awaiting.find(r.ID)
	if ok {
		fl.record, parts = w.record, []mapping.Message{w.message}
	} else {
		g.insist(ctx, "read messages", func() (err error) {
			parts, err = g.storedParts(ctx, r.ID)
			return err
		})
	}
	if len(parts) == 0 || !g.member(ctx, parts[0].Account) {
		return fl
	}
	if fl.record == (mapping.Key{}) || r.State != bridges.Delivered {
		fl.rows = tell(parts, r)
	}
	return fl
}

// toldMessage returns the rows by which a message, or what becomes of one, is known
// when the network delivers it again. Its turn may have come just now, and sets what
// is not read here.
func (g *Gateway) toldMessage(ctx context.Context, in *incoming) []mapping.Message {
	if !g.member(ctx, in.Account) {
		return nil
	}
	own := g.isOwn(ctx, in)
	var row mapping.Message
	var known bool
	if in.Kind == kindEdit || in.Kind == kindReaction {
		row, known, _ = g.target(ctx, in.Of)
	}
	switch {
	case in.Kind == kindReaction && known:
		return []mapping.Message{g.reacted(in, row, own)}
	case in.Message.ID == "":
		return nil
	}
	if _, claimed, ok := g.stored(ctx, in.Message.ID); claimed || !ok {
		return nil
	}
	return g.claim(in, own, row.ID)
}

// tell changes the states of the parts to what a user knows who was told by r:
// that one has failed, or that all are delivered.
func tell(parts []mapping.Message, r *receipt) (rows []mapping.Message) {
	for _, p := range parts {
		if p.State != bridges.Delivered && (r.State == bridges.Delivered || p.ID == r.ID) {
			p.State = r.State
			rows = append(rows, p)
		}
	}
	return rows
}
