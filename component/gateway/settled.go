package gateway

import (
	"causeway/component"
	"causeway/mapping"
)

// Settled implements component.Handler. What bounced meanwhile is no flight
// any more: its record lives on. What only a predecessor sent is settled, too,
// unless it is yet to be sent here: then it is settled once more, with what
// belongs to it, and done waits for that.
func (g *Gateway) Settled(keys []component.Key, done func()) {
	b := &mapping.Batch{Settle: make([]mapping.Key, 0, len(keys))}
	waits := &held{keys: 1, done: done}
	var settled []mapping.Key
	for _, k := range keys {
		k := mapping.Key(k)
		switch fl := g.flights.take(k); {
		case fl != nil:
			settled = append(settled, k)
			if fl.record != (mapping.Key{}) {
				b.Settle = append(b.Settle, fl.record)
			}
			b.PutMessages = append(b.PutMessages, fl.rows...)
		case g.flights.hasReturned(k) || g.inherited.wait(k, waits):
		default:
			settled = append(settled, k)
		}
	}
	b.Settle = append(b.Settle, settled...)
	b.Done = func() {
		for _, f := range g.inherited.over(settled...) {
			f()
		}
		if g.inherited.ready(waits) {
			done()
		}
	}
	g.at("settled")
	g.store.Behind(b)
}
