package gateway

import (
	"causeway/component"
	"causeway/mapping"
)

// Settled implements component.Handler. What bounced meanwhile is no flight
// any more: its record lives on. What a predecessor sent is settled by its key,
// though its turn may be yet to come here: the link knows it then, and what
// belongs to it is written when it is settled once more. If done waited for
// that, a worker that dies sooner would leave its successor all of it to wait
// for, and more each time, until the link has no room for what comes before.
func (g *Gateway) Settled(keys []component.Key, done func()) {
	b := &mapping.Batch{Settle: make([]mapping.Key, 0, len(keys)), Done: done}
	for _, k := range keys {
		k := mapping.Key(k)
		fl := g.flights.take(k)
		if fl == nil && g.flights.hasReturned(k) {
			continue
		}
		b.Settle = append(b.Settle, k)
		if fl == nil {
			continue
		}
		if fl.record != (mapping.Key{}) {
			b.Settle = append(b.Settle, fl.record)
		}
		b.PutMessages = append(b.PutMessages, fl.rows...)
	}
	g.at("settled")
	g.store.Behind(b)
}
