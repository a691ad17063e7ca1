package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/bridges/takeover"
	"causeway/component/stanza"
	"causeway/component/xep/receipts"
	"causeway/mapping"
)

const (
	// sendTime bounds one attempt at a message.
	sendTime = time.Minute
	// maxParts bounds the parts of a message whose delivery is followed.
	maxParts = 255
)

// verdict is what a step says about the text it worked on.
type verdict struct {
	done    bool
	retryAt time.Time
	// untouched: it was none to send, before a crash either.
	untouched bool
	sent      *[16]byte // its hash, when the network has it or may have it
	// cut: the gateway ends, and what became of the text may not get to the disk.
	cut bool
}

// tryText is one step of a text, watched.
func (g *Gateway) tryText(c *conversation, m *outgoing) verdict {
	x := g.trials.begin(g.work, m.key)
	m.tried = m.tried || g.remembers && x.flags&sending != 0
	v := g.stepOut(x, c, m)
	if v.cut {
		x.rest()
	} else {
		x.end()
	}
	return v
}

// stepOut brings one text as far as it comes now. The next text of the
// conversation begins only when it is done, and what it left in the store is
// committed: after a crash only the first of a conversation is in doubt.
func (g *Gateway) stepOut(ctx context.Context, c *conversation, m *outgoing) (v verdict) {
	defer func() {
		if p := recover(); p != nil {
			g.panicked("outgoing", p)
			v = g.fail(ctx, c, m, errInternal, nil)
		}
	}()
	g.at("begin")
	r := m.read()
	takeover.Step("poison", r.text)
	switch {
	case r.drop != "":
		return g.drop(ctx, m, r.drop)
	case r.refuse != nil:
		g.warnEncrypted(ctx, c, r.refuse)
		return g.refuse(ctx, c, m, r.refuse)
	}
	acc, chat, refusal := g.admit(ctx, c)
	switch {
	case ctx.Err() != nil:
		return verdict{cut: true}
	case refusal != nil && !m.tried:
		// In one commit: after a crash a replay might come to another end.
		g.cfg.Metrics.refused.WithLabelValues(g.domain, refusal.Condition).Inc()
		return g.fail(ctx, c, m, refusal, nil)
	}
	if !g.repeats.wait(ctx) {
		return verdict{}
	}
	hash := repeatHash(c.user.id, c.contact, m.s.ID, r.text)
	if m.s.ID != "" && (g.repeats.has(hash, time.Now()) || c.sent.has(hash)) {
		return g.drop(ctx, m, "repetition")
	}
	if m.doubt && g.info.Unknown == bridges.Report {
		return g.fail(ctx, c, m, errInDoubt, &hash)
	}
	switch expired := !time.Now().Before(m.expires); {
	case m.tried: // its outcome decides
	case expired && m.doubt:
		return g.fail(ctx, c, m, errInDoubt, &hash)
	case expired:
		return g.fail(ctx, c, m, errExpired, nil)
	}
	ids, err := g.attempt(ctx, acc, m, bridges.Message{
		Chat: chat, From: acc.Self, Key: trace(m.key), Text: r.text,
		Receipt: g.info.Receipts,
	})
	if err != nil {
		return g.failed(ctx, c, m, err, hash)
	}
	return g.succeed(ctx, c, m, chat, ids, hash)
}

// admit finds account and address, or says why there is none.
func (g *Gateway) admit(ctx context.Context, c *conversation) (acc mapping.Account, chat bridges.ChatID, refusal *stanza.Error) {
	var ok bool
	g.insist(ctx, "read an account", func() (err error) {
		acc, ok, err = g.accounts.find(ctx, c.user.id)
		return err
	})
	switch {
	case ctx.Err() != nil:
		return acc, "", errInternal
	case !g.admits(c.user.id):
		return acc, "", errNotAllowed
	case !ok:
		return acc, "", errNotRegistered
	}
	chat, err := g.resolve(c.contact)
	if err != nil {
		return acc, "", g.stanzaError(err)
	}
	return acc, chat, nil
}

// resolve returns the conversation behind a localpart. One that is spelled
// otherwise than its address gives Gone, with the address: a person is one
// contact, never two (xeps.md 0106.12).
func (g *Gateway) resolve(local string) (bridges.ChatID, error) {
	id, err := mapping.ForeignID(local)
	other := errors.Is(err, mapping.ErrNotCanonical)
	if err != nil && !other {
		return "", &bridges.Error{Kind: bridges.Malformed, Text: noSuchAddress, Cause: err}
	}
	u := bridges.UserID(id)
	if r, ok := g.cfg.Bridge.(bridges.Resolver); ok {
		if u, err = r.Resolve(id); err != nil {
			return "", err
		}
	}
	if other {
		return "", &bridges.Error{Kind: bridges.Gone, Text: "This address is spelled another way.", Instead: u}
	}
	return bridges.ChatID(u), nil
}

// attempt sends m once. A text that has a row of its own says there, before,
// that its outcome is open. A panic of the adapter leaves it open, too.
func (g *Gateway) attempt(ctx context.Context, acc mapping.Account, m *outgoing, msg bridges.Message) (ids []bridges.MessageID, err error) {
	m.attempts++
	x := trialOf(ctx)
	x.sends(m.doubt)
	g.at("attempt")
	if m.parked {
		if err := g.store.Commit(ctx, &mapping.Batch{Park: []mapping.Parked{g.parkedRow(acc.ID, m, time.Now(), true)}}); err != nil {
			return nil, &bridges.Error{Kind: bridges.Temporary, Text: "The gateway is stopping.", Cause: err}
		}
	}
	ctx = watched{g.attempts.within(g.work, sendTime, time.Now()), x}
	s, release, err := g.sessions.use(ctx, acc)
	if err != nil {
		return nil, err
	}
	defer release()
	defer func() {
		if p := recover(); p != nil {
			x.enter()
			g.panicked("bridge", p)
			err = &bridges.Error{Kind: bridges.Unknown, Text: errInDoubt.Text, Cause: fmt.Errorf("panic: %v", p)}
		}
	}()
	ids, err = s.Send(ctx, msg)
	x.enter()
	g.at("sent")
	var known *bridges.Error
	if err != nil && !errors.As(err, &known) && ctx.Err() != nil {
		err = &bridges.Error{Kind: bridges.Unknown, Text: errInDoubt.Text, Cause: err}
	}
	return ids, err
}

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
	if len(ids) == 1 && g.info.Receipts {
		b.PutMessages = nil
		b.Cycles = []*mapping.Cycle{{Bridge: g.domain, Records: []mapping.Record{encodeAwaited(&rows[0])}}}
	}
	g.remember(b, m, hash, now)
	g.at("commit")
	if g.store.Commit(ctx, b) != nil {
		b.Done = func() { g.settledWithBridge(m.key) }
		g.behind(ctx, b) // the gateway ends: what is known is written if it can be
		return verdict{done: true, cut: true}
	}
	g.at("committed")
	g.settledWithBridge(m.key)
	for _, c := range b.Cycles {
		g.await(c.Key(0), rows[0])
	}
	g.sent.add(rows)
	g.early.wake(g, ids)
	g.hot.out.Inc()
	if g.debugs() {
		g.log.Debug("message sent", "id", trace(m.key), "stanza", stanzaID, "parts", len(ids))
	}
	return verdict{done: true, sent: &hash}
}

// remember enters a text into the book of repetitions.
func (g *Gateway) remember(b *mapping.Batch, m *outgoing, hash [16]byte, now time.Time) {
	if m.s.ID == "" {
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
	at := g.nextAttempt(m, err)
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
// and a replay before that comes to the same refusal.
func (g *Gateway) refuse(ctx context.Context, c *conversation, m *outgoing, e *stanza.Error) verdict {
	g.cfg.Metrics.refused.WithLabelValues(g.domain, "content").Inc()
	o, ok := e.Reply(m.s)
	if !ok {
		return g.drop(ctx, m, "no answer allowed")
	}
	if m.parked || m.key == (mapping.Key{}) {
		return g.fail(ctx, c, m, e, nil)
	}
	g.settledWithBridge(m.key) // a replay comes to the same refusal
	g.sendKeyed(ctx, o, m.key, &flight{account: c.user.id})
	return verdict{done: true, untouched: true}
}

// drop settles m without a word to its sender.
func (g *Gateway) drop(ctx context.Context, m *outgoing, reason string) verdict {
	g.cfg.Metrics.dropped.WithLabelValues(g.domain, reason).Inc()
	g.behind(ctx, &mapping.Batch{Settle: []mapping.Key{m.key}, Done: func() { g.settledWithBridge(m.key) }})
	return verdict{done: true, untouched: true}
}
