package gateway

import (
	"context"
	"time"

	"causeway/component"
	"causeway/component/stanza"
	"causeway/mapping"
)

// Handle implements component.Handler: it puts each stanza in its queue. It
// waits for nothing but, with a full lane of refusals, for the store.
func (g *Gateway) Handle(s *stanza.Stanza, key component.Key) {
	g.hearRights(s)
	g.route(s, mapping.Key(key), time.Now())
}

func (g *Gateway) route(s *stanza.Stanza, key mapping.Key, now time.Time) {
	// COMPAT: ejabberd (23.01) hands an address on as the user has written it, and
	// takes what comes from another spelling as said of the contact itself.
	s.To = folded(s.To)
	if s.Kind != stanza.Message {
		g.repeats.shows(s)
		g.control(s, key)
		return
	}
	if s.Type != "error" && key != (mapping.Key{}) && g.isOwnCopy(s) {
		g.dropOwnCopy(key)
		return
	}
	if s.Type != "error" && g.people.due(accountOf(s.From), now) {
		g.enqueueControl(accountOf(s.From), false, step{run: func(ctx context.Context) {
			g.showBounced(ctx, accountOf(s.From), false) // whoever writes is there
		}})
	}
	contact := localOf(s.To)
	switch {
	case contact == "" && s.Type == "headline" && g.hearEvent(s):
		g.settle(g.work, key)
	case contact == "" || s.Type == "error":
		g.control(s, key)
	case key == (mapping.Key{}): // a chat state or the like
		g.hearTyping(s, now)
	case g.hearMarker(s, key, now):
	default:
		g.hearText(s)
		m := &outgoing{key: key, s: s, mark: g.repeats.mark(s), at: now, expires: now.Add(g.policy.Load().hold)}
		if !g.enqueueOut(accountOf(s.From), contact, m) {
			g.overflow(s, key)
		}
	}
}

// control queues a stanza in the lane of its user.
func (g *Gateway) control(s *stanza.Stanza, key mapping.Key) {
	if !g.broadcasts.begins(s) {
		g.settle(g.work, key)
		return
	}
	if s.Kind == stanza.Presence && s.Type == "probe" && !g.router.hasRoomForProbe(accountOf(s.From)) {
		g.overflow(s, key)
		return
	}
	st, must := g.stepControl(s, key)
	if !g.enqueueControl(accountOf(s.From), must, st) {
		g.broadcasts.ends(s)
		g.overflow(s, key)
	}
}

// stepControl makes the step that handles s; must tells that it cannot be
// refused.
func (g *Gateway) stepControl(s *stanza.Stanza, key mapping.Key) (st step, must bool) {
	st.key = key
	st.poisoned = func(reason string) { g.poisonedStanza(s, key, reason) }
	switch {
	case s.Kind == stanza.IQ:
		st.run = func(ctx context.Context) { g.answerIQ(ctx, s, key) }
	case s.Kind == stanza.Presence:
		st.run = func(ctx context.Context) {
			g.broadcasts.ends(s)
			g.onPresence(ctx, s, key)
		}
	case s.Type == "error":
		g.hearRefusal(s)
		return g.stepBounce(st, s, key)
	default:
		mark := g.repeats.mark(s)
		st.run = func(ctx context.Context) { g.onChat(ctx, s, key, mark) }
	}
	return st, must
}

// stepBounce makes of st the step that handles an error: the message that it is
// about is found now, before the settlement that follows in the stream.
func (g *Gateway) stepBounce(st step, s *stanza.Stanza, key mapping.Key) (_ step, must bool) {
	fl := g.flights.bounced(accountOf(s.From), s.ID)
	if fl == nil {
		switch waits, repeated := g.inherited.returns(s, key); {
		case repeated:
			st.run = func(ctx context.Context) { g.settle(ctx, key) }
			return st, true
		case waits:
			return step{run: func(context.Context) {}}, true
		}
		fl = g.flights.bounced(accountOf(s.From), s.ID) // it was being sent just now
	}
	st.run = func(ctx context.Context) { g.onBounce(ctx, s, key, fl) }
	return st, fl != nil
}

// overflow refuses a stanza because too much of its sender waits.
func (g *Gateway) overflow(s *stanza.Stanza, key mapping.Key) {
	g.cfg.Metrics.refused.WithLabelValues(g.domain, "limit").Inc()
	o, ok := errBusy.Reply(s)
	if s.Kind == stanza.Presence {
		ok = false
	}
	if !ok {
		g.settle(g.work, key)
		return
	}
	select {
	case g.refusals <- refusal{key, o}:
	case <-g.sending.Done(): // it stays in the journal
	}
}
