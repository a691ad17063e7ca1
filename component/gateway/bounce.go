package gateway

import (
	"context"
	"slices"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/styling"
	"causeway/mapping"
)

const (
	// bounceTime is how long a message waits for a user whose server did not
	// take it.
	bounceTime = 7 * 24 * time.Hour
	// bounceLimit bounds what waits for one user.
	bounceLimit = 100
	// bouncePause is between two tries while the user is there. After
	// bounceTries of them a message waits for a log-in: who blocks a contact is
	// not hammered at (xeps.md 0191.1).
	bouncePause = time.Hour
	bounceTries = 5
	// bounceSoon is the pause when the server may not have known yet that the
	// user is there. It becomes bounceGrowth times as long as he has been there.
	bounceSoon   = 5 * time.Second
	bounceGrowth = 4
	// bounceSweep is how often what has expired is looked for.
	bounceSweep = time.Hour
)

func bounceQueue(id bridges.AccountID) string { return "back " + string(id) }

// returned is a stanza of a contact that the user's server did not take.
type returned struct {
	mapping.Record
	id     string      // of the stanza
	origin mapping.Key // of the record that it was sent for
	tried
	sent   time.Time // zero: it is not known
	rows   []mapping.Message
	record mapping.Key // of the message which it is a receipt for
}

// tried is how often a message that had come back was shown again, and when it
// stops waiting; zero: it never came back.
type tried struct {
	tries   int
	expires time.Time
}

// next is when a message that came back may be tried again although its user
// does not come: at once when he was not there, else after a pause or never. He
// is there since then (zero: he is not), and it was sent at that time (zero: it
// is not known).
func (x tried) next(since, sent, now time.Time) time.Time {
	switch {
	case x.tries >= bounceTries:
		return x.expires
	case !since.IsZero():
		return now.Add(pauseAfter(since, sent, now))
	case x.tries > 0:
		return now.Add(bouncePause)
	}
	return time.Time{}
}

// pauseAfter is short when the message and the user may have missed each other.
// The longer he has been there, the more likely it is that he would not have it.
func pauseAfter(since, sent, now time.Time) time.Duration {
	if !sent.IsZero() && sent.Before(since) {
		return bounceSoon
	}
	return min(max(bounceGrowth*now.Sub(since), bounceSoon), bouncePause)
}

// onBounce keeps a message of a contact that the user's own server did not
// take, until the user is there again. It is never answered (xeps.md 6120.7),
// and the network is not told: it has done its part. It waits under the key of
// the error: its own is that of a stanza which the server has, and which a link
// after a takeover does not write again.
// fl is the message, if it was not settled when the error came.
func (g *Gateway) onBounce(ctx context.Context, s *stanza.Stanza, key mapping.Key, fl *flight) {
	id := accountOf(s.From)
	x, ok := g.returned(s, key, fl)
	if !ok || !g.member(ctx, id) || fl == nil && g.waitsAlready(ctx, id, x.id) {
		g.cfg.Metrics.bounces.WithLabelValues(g.domain, "nothing to keep").Inc()
		g.settle(ctx, key, x.origin, x.record)
		return
	}
	now := time.Now()
	if x.expires.IsZero() {
		x.expires = now.Add(bounceTime)
	}
	next := x.next(g.people.listensSince(id), x.sent, now)
	gone, room := g.placeFor(ctx, id, next)
	if !room {
		g.givesUp(id, x.origin)
		g.settle(ctx, key, x.origin, x.record)
		return
	}
	under := key
	if key == (mapping.Key{}) {
		under = x.origin
	}
	b := &mapping.Batch{PutMessages: x.rows, Park: []mapping.Parked{{
		Key: under, Bridge: g.domain, Account: id, Conversation: bounceQueue(id),
		Record: x.Record, Next: next, Expires: x.expires, Attempts: x.tries,
	}}}
	if x.origin != under {
		b.Settle = []mapping.Key{x.origin}
	}
	b.Settle = appendNamed(b.Settle, x.record, gone)
	if g.store.Commit(ctx, b) != nil {
		g.people.forgets(id)
		return
	}
	g.cfg.Metrics.bounces.WithLabelValues(g.domain, "kept").Inc()
	g.log.Info("message kept until the user returns", "id", trace(x.origin), "stanza", x.id)
}

// placeFor counts in one message that waits for a user. When there are too many,
// one that never came back while he was there takes the place of the oldest that
// did, as all texts of a contact do that he has blocked; gone is its row.
func (g *Gateway) placeFor(ctx context.Context, id bridges.AccountID, next time.Time) (gone mapping.Key, ok bool) {
	if g.people.keeps(id, next) {
		return gone, true
	}
	if !next.IsZero() {
		return gone, false
	}
	rows := g.waitingFor(ctx, id)
	i := slices.IndexFunc(rows, func(p mapping.Parked) bool { return !p.Next.IsZero() })
	if i < 0 {
		return gone, false
	}
	g.givesUp(id, rows[i].Key)
	g.people.forgets(id)
	return rows[i].Key, g.people.keeps(id, next)
}

func (g *Gateway) givesUp(id bridges.AccountID, k mapping.Key) {
	g.cfg.Metrics.bounces.WithLabelValues(g.domain, "given up").Inc()
	g.log.Warn("message given up: too much waits for its user", "account", id, "id", trace(k))
}

// returned finds the message that bounced: among what is not settled, or in
// the error itself, for servers that return the body.
func (g *Gateway) returned(s *stanza.Stanza, key mapping.Key, fl *flight) (x returned, ok bool) {
	if fl != nil {
		return returned{toXMPP(fl.keep), fl.id, fl.key, fl.tried, fl.sent, fl.rows, fl.record}, true
	}
	text, ok := s.Body()
	if !ok || text == "" || localOf(s.To) == "" || s.ID == "" || key == (mapping.Key{}) {
		return x, false
	}
	o := &stanza.Out{
		Kind: stanza.Message, Type: "chat", ID: s.ID,
		From: bare(s.To) + "/" + resource, To: string(accountOf(s.From)),
	}
	g.appendBody(&o.Payload, bridges.Message{Text: text, Unstyled: styling.Unstyled(s)})
	before, _ := g.bounces.Get(s.ID)
	return returned{Record: toXMPP(o), id: s.ID, origin: key, tried: before}, true
}

// waitsAlready tells whether a message of that id is kept: a server may return
// one more than once.
func (g *Gateway) waitsAlready(ctx context.Context, id bridges.AccountID, stanzaID string) bool {
	if !g.people.hasBounced(id) {
		return false
	}
	for _, p := range g.waitingFor(ctx, id) {
		if o, err := fromRecord(p.Record.Data); err == nil && o.ID == stanzaID {
			return true
		}
	}
	return false
}

// waitingFor returns what waits for a user.
func (g *Gateway) waitingFor(ctx context.Context, id bridges.AccountID) (rows []mapping.Parked) {
	g.insist(ctx, "read what waits for a user", func() (err error) {
		rows, err = g.store.Waiting(ctx, g.domain, bounceQueue(id), bounceLimit)
		return err
	})
	return rows
}
