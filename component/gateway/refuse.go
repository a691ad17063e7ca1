package gateway

import (
	"context"
	"sync"

	"causeway/component/stanza"
	"causeway/mapping"
)

// refusal is a stanza that was refused before it had a queue, and our answer.
type refusal struct {
	key mapping.Key
	o   *stanza.Out
}

const (
	refusalBatch = 256
	// spoolLimit bounds the refusals that wait for the link. What is beyond
	// stays in the journal and goes out at the next start.
	spoolLimit = 50_000
	// refusalsUnderWay bounds those that the server has not yet taken: what is
	// for others does not wait behind as many as the link has room for.
	refusalsUnderWay = 256
)

// refuseAll commits refusals, many at once: a flood costs few transactions.
// Each settles what it refuses in the commit that keeps the answer, before that
// is sent: else a successor, which takes up more than the bounds allow, might
// send a text whose sender was told that it is refused.
func (g *Gateway) refuseAll(ctx context.Context) {
	each(ctx, g.refusals, func(r refusal) { g.refuseBatch(ctx, r) })
}

func (g *Gateway) refuseBatch(ctx context.Context, first refusal) {
	rs := []refusal{first}
	for len(rs) < refusalBatch && len(g.refusals) > 0 {
		rs = append(rs, <-g.refusals)
	}
	cycle := &mapping.Cycle{Bridge: g.domain}
	b := &mapping.Batch{Cycles: []*mapping.Cycle{cycle}}
	for _, r := range rs {
		if r.key != (mapping.Key{}) {
			b.Settle = append(b.Settle, r.key)
		}
		cycle.Records = append(cycle.Records, toXMPP(r.o))
	}
	g.at("commit")
	if err := g.store.Commit(ctx, b); err != nil {
		return
	}
	g.at("committed")
	for i, r := range rs {
		g.sendout.add(refusal{cycle.Key(i), r.o})
	}
}

// spool is a queue between the store and the link, so that neither waits for
// the other.
type spool struct {
	mu   sync.Mutex
	more bell
	q    []refusal
}

func (s *spool) add(r refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.q) < spoolLimit {
		s.q = append(s.q, r)
	}
	s.more.ring()
}

func (s *spool) take() []refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.q
	s.q = nil
	return q
}

// sendSpooled sends what is committed.
func (g *Gateway) sendSpooled(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.sendout.more:
		}
		for _, r := range g.sendout.take() {
			select {
			case g.flights.refusals <- struct{}{}:
			case <-ctx.Done():
				return
			}
			g.sendKeyed(ctx, r.o, r.key, &flight{account: accountOf(r.o.To), refusal: true})
		}
	}
}
