package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

const (
	// bounceTime is how long a message waits for a user whose server did not
	// take it.
	bounceTime = 7 * 24 * time.Hour
	// bounceLimit bounds what waits for one user, and bounceTries how often
	// one message may come back: a blocked contact is no reason to go on.
	bounceLimit = 100
	bounceTries = 5
)

func bounceQueue(id bridges.AccountID) string { return "back " + string(id) }

// onBounce keeps a message of a contact that the user's own server did not
// take, until the user is there again. It is never answered (xeps.md 6120.7),
// and the network is not told: it has done its part.
// fl is the message, if it was not settled when the error came.
func (g *Gateway) onBounce(ctx context.Context, s *stanza.Stanza, key mapping.Key, fl *flight) {
	id := accountOf(s.From)
	rec, origin, ok := bouncedRecord(id, s, key, fl)
	if !ok {
		g.cfg.Metrics.bounces.WithLabelValues(g.domain, "nothing to keep").Inc()
		g.settle(key)
		return
	}
	tries, waiting := g.people.bounced(id, rec.id)
	if tries >= bounceTries || waiting >= bounceLimit {
		g.cfg.Metrics.bounces.WithLabelValues(g.domain, "given up").Inc()
		g.log.Info("message given up: the user's server does not take it", "stanza", rec.id)
		g.settle(key, origin)
		return
	}
	b := &mapping.Batch{Park: []mapping.Parked{{
		Key: origin, Bridge: g.domain, Account: id, Conversation: bounceQueue(id),
		Record: rec.Record, Expires: time.Now().Add(bounceTime), Attempts: tries + 1,
	}}}
	if key != origin && key != (mapping.Key{}) {
		b.Settle = []mapping.Key{key}
	}
	if g.store.Commit(ctx, b) == nil {
		g.cfg.Metrics.bounces.WithLabelValues(g.domain, "kept").Inc()
		g.log.Info("message kept until the user returns", "id", trace(origin), "stanza", rec.id)
	}
}

// bouncedText is a record of a message, with its id.
type bouncedText struct {
	mapping.Record
	id string
}

// bouncedRecord finds the message that bounced: among what is not settled, or
// in the error itself, for servers that return the body.
func bouncedRecord(id bridges.AccountID, s *stanza.Stanza, key mapping.Key, fl *flight) (bouncedText, mapping.Key, bool) {
	if fl != nil {
		return bouncedText{toXMPP(fl.text), fl.id}, fl.key, true
	}
	text, ok := s.Body()
	if !ok || text == "" || localOf(s.To) == "" || s.ID == "" || key == (mapping.Key{}) {
		return bouncedText{}, mapping.Key{}, false
	}
	o := &stanza.Out{Kind: stanza.Message, Type: "chat", ID: s.ID, From: bare(s.To) + "/" + resource, To: string(id)}
	o.Payload.Leaf("body", "", text)
	return bouncedText{toXMPP(o), s.ID}, key, true
}

// showBounced sends what waited for a user who is there again.
func (g *Gateway) showBounced(ctx context.Context, id bridges.AccountID) {
	if !g.people.hasBounced(id) {
		return
	}
	rows, err := g.store.Waiting(ctx, g.domain, bounceQueue(id), bounceLimit)
	if err != nil {
		g.log.Error("cannot read what waits for a user", "err", err)
		return
	}
	g.people.forgetBounced(id)
	now := time.Now()
	for _, p := range rows {
		o, err := fromRecord(p.Record.Data)
		if err != nil || now.After(p.Expires) {
			g.cfg.Metrics.bounces.WithLabelValues(g.domain, "expired").Inc()
			g.settle(p.Key)
			continue
		}
		g.people.tried(id, o.ID, p.Attempts)
		g.sendKeyed(ctx, o, p.Key, &flight{account: id, text: o})
	}
}
