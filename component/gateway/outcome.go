package gateway

import (
	"context"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/receipts"
	"causeway/mapping"
)

// succeed commits that the network has m, and under which ids.
func (g *Gateway) succeed(ctx context.Context, c *conversation, m *outgoing, chat bridges.ChatID, ids []bridges.MessageID, hash [16]byte) verdict {
	now := time.Now()
	ids = ids[:min(len(ids), maxParts)]
	// Clones: these rows are remembered, and the stanza may be large.
	stanzaID, to := strings.Clone(m.s.ID), strings.Clone(resourceOf(m.s.From))
	b := &mapping.Batch{Settle: []mapping.Key{m.key}, PutMessages: make([]mapping.Message, len(ids))}
	for i, id := range ids {
		b.PutMessages[i] = mapping.Message{
			Bridge: g.domain, ID: id, Account: c.user.id, Chat: chat, Stanza: stanzaID,
			Resource: to, Receipt: stanzaID != "" && receipts.Requested(m.s),
			Part: uint8(i), Parts: uint8(len(ids)), At: now,
		}
	}
	rows := b.PutMessages
	if len(ids) == 1 && g.info.Can.Has(bridges.CanReceipts) && g.info.Can&looksBack == 0 {
		b.PutMessages = nil
		b.Cycles = []*mapping.Cycle{{Bridge: g.domain, Records: []mapping.Record{encodeAwaited(&rows[0])}}}
	}
	if x, ok := m.errand.(noting); ok && len(rows) > 0 {
		b.PutMessages = append(b.PutMessages, x.rows(g, rows)...)
	}
	g.remember(b, m, hash, now)
	if !g.keepSent(ctx, c, m, b) {
		return verdict{done: true, cut: true}
	}
	for _, c := range b.Cycles {
		g.await(c.Key(0), rows[0])
	}
	g.sent.add(rows)
	g.early.wake(g, ids)
	if g.info.Can.Has(bridges.CanTyping) {
		g.signs.wrote(whose{c.user.id, c.contact}, now)
	}
	g.hot.out.Inc()
	if g.debugs() {
		g.log.Debug("message sent", "id", trace(m.key), "stanza", stanzaID, "parts", len(ids))
	}
	return verdict{done: true, sent: &hash}
}

// keepSent writes that the network has m. False: the gateway ends, and it is written
// if it can be.
func (g *Gateway) keepSent(ctx context.Context, c *conversation, m *outgoing, b *mapping.Batch) bool {
	g.at("commit")
	if g.lags(ctx, b) {
		g.lag(ctx, c, m.key, b)
		return true
	}
	if g.store.Commit(ctx, b) != nil {
		b.Done = func() { g.settledWithBridge(m.key) }
		g.behind(ctx, b)
		return false
	}
	g.at("committed")
	g.settledWithBridge(m.key)
	return true
}

// remember enters a text into the book of repetitions.
func (g *Gateway) remember(b *mapping.Batch, m *outgoing, hash [16]byte, now time.Time) {
	if m.mark == "" {
		return
	}
	g.repeats.add(hash, now)
	b.PutSent = append(b.PutSent, mapping.Sent{Bridge: g.domain, Hash: hash, At: now})
}

// failed decides between another attempt and an error to the sender.
func (g *Gateway) failed(ctx context.Context, c *conversation, m *outgoing, err error, hash [16]byte) verdict {
	kind := bridges.KindOf(err)
	if ctx.Err() != nil { // cut off by the end of the gateway: the next start decides
		if m.parked || kind == bridges.Unknown {
			g.behind(ctx, &mapping.Batch{Park: []mapping.Parked{g.parkedRow(c.user.id, m, time.Now(), kind == bridges.Unknown)}})
		}
		return verdict{cut: true}
	}
	retry := kind == bridges.Temporary || kind == bridges.Unknown && g.info.Unknown != bridges.Report
	if !retry {
		g.log.Info("message failed", "id", trace(m.key), "stanza", m.s.ID, "err", err)
		var h *[16]byte
		if kind == bridges.Unknown {
			h = &hash
		}
		return g.fail(ctx, c, m, g.stanzaError(err), h)
	}
	at := nextAttempt(m.attempts, err, m.expires)
	m.doubt = m.doubt || kind == bridges.Unknown
	m.tried = false
	if m.parked && g.store.Commit(ctx, &mapping.Batch{Park: []mapping.Parked{g.parkedRow(c.user.id, m, at, m.doubt)}}) != nil {
		return verdict{cut: true}
	}
	g.cfg.Metrics.retries.WithLabelValues(g.domain).Inc()
	g.log.Debug("message waits", "id", trace(m.key), "attempts", m.attempts, "err", err)
	return verdict{retryAt: at}
}

// fail settles m by an error to its sender, in one commit, and with hash set
// remembers it: what may have been sent must not be sent again by a client
// that repeats it.
func (g *Gateway) fail(ctx context.Context, c *conversation, m *outgoing, e *stanza.Error, hash *[16]byte) verdict {
	t := g.begin(c.user.id, m.key)
	if hash != nil {
		g.remember(&t.batch, m, *hash, time.Now())
	}
	if o, ok := e.Reply(m.s); ok {
		t.send(o)
	}
	if g.commit(ctx, t) != nil {
		return verdict{retryAt: time.Now().Add(firstRetry), cut: true}
	}
	g.settledWithBridge(m.key)
	g.cfg.Metrics.messages.WithLabelValues(g.domain, "out", e.Condition).Inc()
	return verdict{done: true, sent: hash}
}

// refuse answers m with an error for what is in it. The error carries the
// journal key of m itself: m is settled when the server has taken the error,
// and a replay before that comes to the same refusal. One by a setting might not:
// it is one commit.
func (g *Gateway) refuse(ctx context.Context, c *conversation, m *outgoing, r reading) verdict {
	g.cfg.Metrics.refused.WithLabelValues(g.domain, r.reason).Inc()
	o, ok := r.refuse.Reply(m.s)
	if !ok {
		return g.drop(ctx, m, "no answer allowed")
	}
	if m.parked || m.key == (mapping.Key{}) || r.chosen {
		return g.fail(ctx, c, m, r.refuse, nil)
	}
	g.settledWithBridge(m.key) // a replay comes to the same refusal
	g.sendKeyed(ctx, o, m.key, &flight{account: c.user.id})
	return verdict{done: true, untouched: true}
}

// drop settles m without a word to its sender.
func (g *Gateway) drop(ctx context.Context, m *outgoing, reason string) verdict {
	g.countDropped(reason)
	g.behind(ctx, &mapping.Batch{Settle: []mapping.Key{m.key}, Done: func() { g.settledWithBridge(m.key) }})
	return verdict{done: true, untouched: true}
}
