package gateway

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

const (
	// partsTime is how long the parts of a message wait for the rest of it.
	partsTime = 5 * time.Minute
	// maxWaiting bounds the parts that wait, maxChatParts those of one chat.
	maxWaiting, maxChatParts = 20_000, 600
)

// pieces are the incoming messages of which parts are missing. Each part is in
// the journal until its message is, so a crash loses none.
type pieces struct {
	mu      sync.Mutex
	waiting map[pieceKey][]*incoming // in the order of arrival
	chats   map[chatKey]int          // parts
	n       int
	since   time.Time // nothing has waited for longer than this
}

type pieceKey struct {
	chatKey
	ref string
}

func newPieces() *pieces {
	return &pieces{waiting: map[pieceKey][]*incoming{}, chats: map[chatKey]int{}}
}

func (in *incoming) piece() pieceKey {
	return pieceKey{chatKey{in.Account, in.Part.Chat}, in.Part.Ref}
}

// add enters a part and returns the messages that are to be shown now: one
// that is complete, one whose reference a new message has taken over, and one
// for which there is no room. known: the part is there already.
func (p *pieces) add(in *incoming) (ready [][]*incoming, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := in.piece()
	for _, have := range p.waiting[key] {
		if have.Part.Number != in.Part.Number {
			continue
		}
		if bytes.Equal(have.Part.Data, in.Part.Data) {
			return nil, true
		}
		ready = append(ready, p.take(key))
		break
	}
	p.waiting[key] = append(p.waiting[key], in)
	p.chats[key.chatKey]++
	p.n++
	full := p.n > maxWaiting || p.chats[key.chatKey] > maxChatParts
	if full || len(p.waiting[key]) >= int(in.Part.Total) {
		ready = append(ready, p.take(key))
	}
	return ready, false
}

// take removes a message. The caller holds the lock.
func (p *pieces) take(key pieceKey) []*incoming {
	parts := p.waiting[key]
	delete(p.waiting, key)
	p.n -= len(parts)
	if p.chats[key.chatKey] -= len(parts); p.chats[key.chatKey] == 0 {
		delete(p.chats, key.chatKey)
	}
	return parts
}

// expired removes and returns the messages that have waited long enough.
func (p *pieces) expired(now time.Time) (old [][]*incoming) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, parts := range p.waiting {
		if now.Sub(parts[0].At) >= partsTime && now.Sub(p.since) >= partsTime {
			old = append(old, p.take(key))
		}
	}
	return old
}

// waitAgain lets what waits wait for its whole time once more: the parts of it
// that the gateway has kept while it was off are still to come.
func (p *pieces) waitAgain(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = now
}

// keepPart holds a part until its message can be shown.
func (g *Gateway) keepPart(ctx context.Context, in *incoming) {
	ready, known := g.pieces.add(in)
	if known {
		g.dropIn(ctx, in, "repeated part")
	}
	for _, parts := range ready {
		if m := g.assemble(ctx, parts, in.place()); m != nil {
			g.showMessage(ctx, m)
		}
	}
}

// showExpired shows what came of messages whose rest will not come.
func (g *Gateway) showExpired(now time.Time) {
	if isOff(g) {
		return
	}
	for _, parts := range g.pieces.expired(now) {
		g.contain("parts of a message", step{
			key: parts[len(parts)-1].key,
			run: func(ctx context.Context) {
				if m := g.assemble(ctx, parts, mapping.Key{}); m != nil {
					g.enqueueIn(m)
				}
			},
			poisoned: func(reason string) { g.poisonedEvents(parts, reason) },
		})
	}
}

// assemble replaces parts by their message, in one commit, at a place among
// the other events (zero: behind all). Nil: the gateway ends, and the parts are
// still there at its next start.
func (g *Gateway) assemble(ctx context.Context, parts []*incoming, place mapping.Key) *incoming {
	total := int(parts[0].Part.Total)
	b := &mapping.Batch{Settle: make([]mapping.Key, len(parts))}
	list := make([]bridges.Part, len(parts))
	for i, in := range parts {
		b.Settle[i], list[i] = in.key, *in.Part
	}
	slices.SortFunc(list, func(a, b bridges.Part) int { return int(a.Number) - int(b.Number) })
	a, ok := g.cfg.Bridge.(bridges.Assembler)
	if !ok {
		for _, in := range parts {
			g.dropIn(ctx, in, "part of a network that has none")
		}
		return nil
	}
	message := a.Assemble(list)
	in := &incoming{Kind: kindMessage, Account: parts[0].Account, Stanza: parts[0].Stanza, At: parts[0].At, Message: &message, Place: place}
	rec, err := in.encode()
	if err != nil {
		g.log.Error("message cannot be encoded", "err", err)
		return nil
	}
	cycle := &mapping.Cycle{Bridge: g.domain, Records: []mapping.Record{rec}}
	b.Cycles = []*mapping.Cycle{cycle}
	if g.store.Commit(ctx, b) != nil {
		return nil
	}
	g.flights.release(len(parts) - 1)
	in.key = cycle.Key(0)
	if len(parts) < total {
		g.cfg.Metrics.dropped.WithLabelValues(g.domain, "missing part").Add(float64(total - len(parts)))
		g.log.Warn("parts of a message are missing", "id", trace(in.key), "parts", len(parts), "of", total)
	}
	return in
}
