package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/mapping"
)

// flight is a stanza that the server has not yet taken for certain.
type flight struct {
	account bridges.AccountID
	id      string // of the stanza
	key     mapping.Key
	sent    time.Time
	// keep is set for what a contact says, messages and receipts: it is what
	// waits for the user if it bounces, as it may have before.
	keep *stanza.Out
	tried
	// inbound: an event of the network, which counts against the bound.
	inbound bool
	// refusal: it holds a place among the refusals under way.
	refusal bool
	// rows are written together with the settlement, and record, that of the
	// message which a receipt is about, is settled.
	rows   []mapping.Message
	record mapping.Key
}

// flights are the stanzas handed to the link with a key.
type flights struct {
	mu      sync.Mutex
	byKey   map[mapping.Key]*flight
	byID    map[string]*flight // those to keep
	inbound int
	// refusals has an entry for each refusal under way.
	refusals chan struct{}
	// returned are those that bounced and that the link has yet to settle.
	returned map[mapping.Key]bool
}

func (f *flights) init() {
	f.byKey = map[mapping.Key]*flight{}
	f.byID = map[string]*flight{}
	f.refusals = make(chan struct{}, refusalsUnderWay)
	f.returned = map[mapping.Key]bool{}
}

func (f *flights) add(key mapping.Key, o *stanza.Out, fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.id, fl.key, fl.sent = o.ID, key, time.Now()
	f.byKey[key] = fl
	if fl.keep != nil {
		f.byID[fl.id] = fl
	}
}

// take removes a flight by its key.
func (f *flights) take(key mapping.Key) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.remove(f.byKey[key])
}

// bounced removes what is to be kept of an account by its stanza's id.
func (f *flights) bounced(account bridges.AccountID, id string) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl := f.byID[id]
	if fl == nil || fl.account != account {
		return nil
	}
	f.returned[fl.key] = true
	return f.remove(fl)
}

// hasReturned tells whether what the link settles had bounced.
func (f *flights) hasReturned(key mapping.Key) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.returned[key]
	delete(f.returned, key)
	return was
}

func (f *flights) remove(fl *flight) *flight {
	if fl == nil {
		return nil
	}
	delete(f.byKey, fl.key)
	if fl.keep != nil {
		delete(f.byID, fl.id)
	}
	if fl.inbound {
		f.inbound--
	}
	if fl.refusal {
		<-f.refusals
	}
	return fl
}

// disown keeps rows of an account that is deleted from being written.
func (f *flights) disown(id bridges.AccountID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fl := range f.byKey {
		if fl.account == id {
			fl.rows = nil
		}
	}
}

// admit counts n events in, if the bound allows them. When none waits it does:
// a network may hand over more at once than the bound, again and again.
func (f *flights) admit(n, limit int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.inbound > 0 && f.inbound+n > limit {
		return false
	}
	f.inbound += n
	return true
}

// release counts n events out that never became flights.
func (f *flights) release(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inbound -= n
}

// sendKeyed gives a journalled stanza to the link. It blocks while too much is
// written and not settled. What the link refuses can never be sent: it is
// settled with a log line. What the end of the gateway cuts off stays in the
// journal, and so does all that comes after it. After a hand-over nothing is sent:
// it may follow from what is not on disk any more.
func (g *Gateway) sendKeyed(ctx context.Context, o *stanza.Out, key mapping.Key, fl *flight) {
	x := trialOf(ctx)
	if g.cut.Load() || x.isFrozen() {
		return
	}
	if o.ID == "" {
		o.ID = newID()
	}
	g.flights.add(key, o, fl)
	if g.hasReturned(ctx, fl) {
		return
	}
	g.at("send")
	x.leave()
	err := g.link.Send(g.sending, o, component.Key(key))
	x.enter()
	switch {
	case err == nil || errors.Is(err, component.ErrDown):
		return
	case g.sending.Err() != nil:
		g.cut.Store(true)
		return
	}
	g.log.Error("stanza cannot be sent", "id", trace(key), "stanza", o.ID, "err", err)
	g.countDropped("unsendable")
	if g.flights.take(key) != nil {
		g.settle(ctx, key, fl.record)
	}
}

// send gives the link a stanza that need not last, such as presence.
func (g *Gateway) send(ctx context.Context, o *stanza.Out) {
	x := trialOf(ctx)
	x.leave()
	defer x.enter()
	g.sendWithin(g.sending, o)
}

func (g *Gateway) sendWithin(ctx context.Context, o *stanza.Out) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := g.link.Send(ctx, o, component.Key{}); err != nil {
		g.log.Debug("stanza not sent", "to", o.To, "err", err)
	}
}

// settle says that a record is done with.
func (g *Gateway) settle(ctx context.Context, keys ...mapping.Key) {
	if keys = appendNamed(nil, keys...); len(keys) > 0 {
		g.behind(ctx, &mapping.Batch{Settle: keys})
	}
}

// appendNamed appends the keys to list but for zero ones, which name no record.
func appendNamed(list []mapping.Key, keys ...mapping.Key) []mapping.Key {
	for _, k := range keys {
		if k != (mapping.Key{}) {
			list = append(list, k)
		}
	}
	return list
}
