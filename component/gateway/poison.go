package gateway

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"causeway/bridges/takeover"
	"causeway/component/stanza"
	"causeway/mapping"
)

// step is one piece of work of a lane. poisoned takes what it worked on out of
// the way when it panics; nil: there is nothing.
type step struct {
	key      mapping.Key // of the record that it works on; zero: of none
	run      func(ctx context.Context)
	poisoned func(reason string)
}

// at marks a place between two steps, at which tests kill the program.
func (g *Gateway) at(place string) {
	if g.step != nil {
		g.step(place)
	}
	takeover.Step("gateway", place)
}

// contain runs a step and survives its panic, which harms only what the step
// worked on.
func (g *Gateway) contain(what string, st step) {
	defer func() {
		if p := recover(); p != nil {
			g.panicked(what, p)
			if st.poisoned != nil {
				g.contain("the answer to a panic", step{run: func(context.Context) { st.poisoned(fmt.Sprint("panic: ", p)) }})
			}
		}
	}()
	x := g.trials.begin(g.work, st.key)
	defer x.end()
	g.at("begin")
	st.run(x)
}

func (g *Gateway) panicked(what string, p any) {
	g.cfg.Metrics.panics.WithLabelValues(g.domain).Inc()
	g.log.Error("panic", "in", what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// poisonedStanza takes a stanza that cannot be handled out of the journal, and
// tells its sender. A replay would only meet the same panic.
func (g *Gateway) poisonedStanza(s *stanza.Stanza, key mapping.Key, reason string) {
	t := g.begin(accountOf(s.From), key)
	if key != (mapping.Key{}) {
		g.cfg.Metrics.quarantined.WithLabelValues(g.domain, "panic").Inc()
		t.batch.Quarantine = g.away(key, mapping.Record{Kind: mapping.FromXMPP, Data: []byte(s.Raw())}, reason)
	}
	if o, ok := errInternal.Reply(s); ok && s.Kind != stanza.Presence {
		t.send(o)
	}
	g.finish(g.work, t)
}

// poisonedEvent does the same for an event of the network, and tells its user.
func (g *Gateway) poisonedEvent(in *incoming, reason string) {
	g.poisonedEvents([]*incoming{in}, reason)
}

// poisonedEvents does it for the events that a message is made of.
func (g *Gateway) poisonedEvents(ins []*incoming, reason string) {
	b, told := &mapping.Batch{}, func() {}
	for i, in := range ins {
		if g.flights.take(in.key) == nil {
			g.flights.release(1)
		}
		rec, err := in.encode()
		if err != nil {
			rec = mapping.Record{Kind: mapping.FromNetwork}
		}
		g.cfg.Metrics.quarantined.WithLabelValues(g.domain, "panic").Inc()
		b.Settle = append(b.Settle, in.key)
		b.Quarantine = append(b.Quarantine, g.away(in.key, rec, reason)...)
		if i == 0 {
			told = g.withNotice(b, in.key, rec)
		}
	}
	if err := g.store.Commit(g.work, b); err == nil {
		told()
	}
}

// quarantine takes a record that cannot be read out of the way.
func (g *Gateway) quarantine(k mapping.Key, r mapping.Record, err error) {
	g.log.Error("record of the journal cannot be read", "id", trace(k), "err", err)
	g.countDropped("unreadable record")
	g.cfg.Metrics.quarantined.WithLabelValues(g.domain, "unreadable").Inc()
	b := &mapping.Batch{Settle: []mapping.Key{k}, Quarantine: g.away(k, r, err.Error())}
	b.Done = g.withNotice(b, k, r)
	g.store.Behind(b)
}

// away is the row of a record that is put away now.
func (g *Gateway) away(k mapping.Key, r mapping.Record, reason string) []mapping.Quarantined {
	return []mapping.Quarantined{{Key: k, Bridge: g.domain, Record: r, Reason: reason, At: time.Now()}}
}
