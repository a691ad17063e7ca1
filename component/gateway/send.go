package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/bridges/takeover"
	"causeway/component/stanza"
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
	v := verdict{cut: true}
	if g.catchUp(x, c) {
		v = g.stepOut(x, c, m)
	}
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
	r := g.readFor(ctx, c.user.id, m)
	takeover.Step("poison", r.text)
	if v, none := g.noText(ctx, c, m, r); none {
		return v
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
	hash := repeatHash(c.user.id, c.contact, m.mark, g.known(m, r))
	if v, past := g.past(ctx, c, m, r.does, hash); past {
		return v
	}
	if v, off := g.refuseOff(ctx, c, m, hash); off {
		return v
	}
	return g.sendOnce(ctx, c, m, r, acc, chat, hash)
}

// noText ends a message that is none to send.
func (g *Gateway) noText(ctx context.Context, c *conversation, m *outgoing, r reading) (v verdict, none bool) {
	switch {
	case g.hasOwnCopy(ctx, m.s):
		return g.drop(ctx, m, ownCopy), true
	case r.drop != "":
		return g.drop(ctx, m, r.drop), true
	case r.refuse != nil:
		g.warnEncrypted(ctx, c.user.id, c.contact, r.refuse)
		return g.refuse(ctx, c, m, r), true
	}
	return v, false
}

// sendOnce is one attempt at a text, and says what comes of it.
func (g *Gateway) sendOnce(
	ctx context.Context, c *conversation, m *outgoing, r reading, acc mapping.Account, chat bridges.ChatID, hash [16]byte,
) verdict {
	if m.attempts == 0 {
		for _, reason := range r.changed {
			g.cfg.Metrics.changed.WithLabelValues(g.domain, reason).Inc()
		}
	}
	var refusal *stanza.Error
	m.errand, refusal = g.errandOf(ctx, m, r, acc, bridges.Message{
		Chat: chat, From: acc.Self, Key: trace(m.key), Text: r.text, Unstyled: g.unstyled(m.s),
		Receipt: g.info.Can.Has(bridges.CanReceipts),
	})
	switch {
	case ctx.Err() != nil:
		return verdict{cut: true}
	case refusal != nil:
		return g.fail(ctx, c, m, refusal, nil)
	}
	ids, err := g.attempt(ctx, acc, m)
	if err != nil {
		return g.failed(ctx, c, m, err, hash)
	}
	return g.succeed(ctx, c, m, chat, ids, hash)
}

// known is the text by which a repetition of m is known: the one that it is for
// whoever has set nothing, so that it stays the same when settings change.
func (g *Gateway) known(m *outgoing, r reading) string {
	if r.chosen {
		return g.readDefault(m)
	}
	return r.said()
}

// readDefault is what m says when its sender has set nothing.
func (g *Gateway) readDefault(m *outgoing) string {
	r := g.draft(m).read()
	return r.said()
}

// past ends a text that is not to be sent: the network has it or may have it, or
// it has waited too long. What a predecessor tried does not expire: its outcome
// decides.
func (g *Gateway) past(ctx context.Context, c *conversation, m *outgoing, does deed, hash [16]byte) (v verdict, past bool) {
	now := time.Now()
	expired := !m.tried && !now.Before(m.expires)
	switch {
	case m.mark != "" && (g.repeats.has(hash, now) || c.sent.has(hash)):
		return g.drop(ctx, m, "repetition"), true
	case m.doubt && (expired || g.info.Unknown == bridges.Report):
		return g.fail(ctx, c, m, does.late(errInDoubt), &hash), true
	case expired:
		return g.fail(ctx, c, m, does.late(errExpired), nil), true
	}
	return v, false
}

// admit finds account and address, or says why there is none.
func (g *Gateway) admit(ctx context.Context, c *conversation) (_ mapping.Account, chat bridges.ChatID, refusal *stanza.Error) {
	acc, ok, _ := g.insistOn(ctx, c.user.id)
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
	if g.hasBlocked(ctx, chatKey{acc.ID, chat}) {
		return acc, "", errBlocked
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
func (g *Gateway) attempt(ctx context.Context, acc mapping.Account, m *outgoing) (ids []bridges.MessageID, err error) {
	m.attempts++
	x := trialOf(ctx)
	x.sends(m.doubt)
	g.at("attempt")
	if m.parked {
		if err := g.store.Commit(ctx, &mapping.Batch{Park: []mapping.Parked{g.parkedRow(acc.ID, m, time.Now(), true)}}); err != nil {
			return nil, &bridges.Error{Kind: bridges.Temporary, Text: "The gateway is stopping.", Cause: err}
		}
	}
	ctx = watched{g.timeFor(m), x}
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
	ids, err = m.errand.do(ctx, s)
	x.enter()
	g.at("sent")
	var known *bridges.Error
	if err != nil && !errors.As(err, &known) && ctx.Err() != nil {
		err = &bridges.Error{Kind: bridges.Unknown, Text: errInDoubt.Text, Cause: err}
	}
	return ids, err
}
