package gateway

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// recallTurn is how much is recalled, in some 20 µs, before others have a turn.
const recallTurn = 64

// replay takes up what the store holds: what was accepted and not settled goes
// back to its queue, in order, before anything new arrives. Nothing runs yet.
func (g *Gateway) replay(ctx context.Context) error {
	r, ok := g.cfg.Bridge.(bridges.Rememberer)
	g.remembers = ok && r.Remembers()
	g.router.hold(true)
	now := time.Now()
	if err := g.readSwitches(ctx); err != nil {
		return err
	}
	if err := g.recall(ctx, now); err != nil {
		return err
	}
	if err := g.store.Backlogs(ctx, g.domain, g.takeBacklog); err != nil {
		return err
	}
	err := g.replayRecords(ctx, now)
	if err == nil {
		g.router.placeIncoming()
		err = g.placeHeads(ctx)
	}
	if err == nil && !g.store.Clean() && !g.remembers {
		g.router.doubtHeads()
	}
	return err
}

// replayRecords takes up what is in no row of its own. What has killed the
// program three times is not even decoded.
func (g *Gateway) replayRecords(ctx context.Context, now time.Time) error {
	var killers []killer
	err := g.store.Replay(ctx, g.domain, func(k mapping.Key, r mapping.Record) error {
		x := g.trials.begin(ctx, k)
		defer x.rest()
		g.at("replay")
		if x.deaths >= maxDeaths {
			killers = append(killers, x.killer(r))
			return nil
		}
		if err := g.takeUp(ctx, k, r, now); err != nil {
			g.quarantine(k, r, err)
		}
		return nil
	})
	if err == nil {
		err = g.trials.purge(ctx, g.store)
	}
	for i := 0; err == nil && i < len(killers); i++ {
		x := g.trials.begin(ctx, killers[i].key)
		err = g.putAway(x, killers[i])
		x.end()
	}
	return err
}

// placeIncoming puts whole messages where the last of their parts stood.
func (r *router) placeIncoming() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.users {
		for _, c := range u.convs {
			slices.SortStableFunc(c.in, func(a, b *incoming) int { return compare(a.place(), b.place()) })
		}
	}
}

// placeHeads finds the texts that come before the rows of their conversation:
// one that was under way when those behind it were parked.
func (g *Gateway) placeHeads(ctx context.Context) error {
	for _, c := range g.router.mixed() {
		rows, err := g.store.Waiting(ctx, g.domain, queueName(c.user.id, c.contact), 1)
		if err != nil {
			return err
		}
		if len(rows) > 0 && before(c.out[0].key, rows[0].Key) {
			c.head, c.out = c.out[0], c.out[1:]
		}
	}
	return nil
}

// mixed returns the conversations with texts both in rows and in blobs.
func (r *router) mixed() (all []*conversation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.users {
		for _, c := range u.convs {
			if c.parked > 0 && len(c.out) > 0 {
				all = append(all, c)
			}
		}
	}
	return all
}

// recall loads what was received in the last minutes, and begins to load what
// was sent: that may be some hundred thousand texts, and only who sends another
// has to wait for it.
func (g *Gateway) recall(ctx context.Context, now time.Time) error {
	g.loop(func(ctx context.Context) {
		if g.insist(ctx, "read what was sent", func() error { return g.recallSent(ctx, now) }) {
			close(g.repeats.complete)
		}
	})
	return g.store.RecentOnce(ctx, g.domain, now.Add(-onceTime), func(o mapping.Once) error {
		g.once.add(o.Fingerprint, o.Stream, o.At)
		return nil
	})
}

// recallSent is long work for the processor, and nobody else shall wait for it.
func (g *Gateway) recallSent(ctx context.Context, now time.Time) error {
	n := 0
	return g.store.RecentSent(ctx, g.domain, now.Add(-repeatTime), func(s mapping.Sent) error {
		if n++; n%recallTurn == 0 {
			runtime.Gosched()
		}
		g.repeats.add(s.Hash, s.At)
		return nil
	})
}

// takeBacklog notes that a queue has rows in the store.
func (g *Gateway) takeBacklog(id bridges.AccountID, queue string, n int) error {
	if queue == bounceQueue(id) {
		g.people.waits(id, n)
		return nil
	}
	contact, ok := contactOf(id, queue)
	if !ok {
		g.log.Error("unknown queue in the store", "queue", queue)
		return nil
	}
	g.router.count(id, n)
	g.router.mu.Lock()
	defer g.router.mu.Unlock()
	g.router.conversation(id, contact).parked += n
	return nil
}

// takeUp puts one record back where it was.
func (g *Gateway) takeUp(ctx context.Context, k mapping.Key, r mapping.Record, now time.Time) error {
	if !r.At.IsZero() && r.At.Before(now) {
		now = r.At
	}
	switch r.Kind {
	case mapping.FromNetwork:
		in, err := decodeIncoming(r.Data)
		if err != nil {
			return err
		}
		in.key = k
		g.inherited.add(in.Stanza, k, in)
		g.flights.release(-1)
		g.enqueueIn(in)
	case mapping.ToXMPP:
		o, err := fromRecord(r.Data)
		if err != nil {
			return err
		}
		fl := g.resumed(o)
		g.inherited.add(fl.id, k, nil)
		g.enqueueControl(fl.account, true, g.stepSend(o, k, fl))
	case mapping.Awaited:
		m, err := decodeAwaited(r.Data)
		if err != nil {
			return err
		}
		m.Bridge = g.domain
		g.await(k, m)
	default:
		s, err := stanza.Parse(r.Data)
		if err != nil {
			return err
		}
		g.route(s, k, now)
		return ctx.Err()
	}
	return nil
}

// stepSend makes the step that sends a stanza of ours.
func (g *Gateway) stepSend(o *stanza.Out, k mapping.Key, fl *flight) step {
	return step{key: k, run: func(ctx context.Context) { g.sendKeyed(ctx, o, k, fl) }}
}

// resumed is the flight of a stanza that a predecessor was about to send. A
// text of a contact had come back once: it waits for the user if it does again.
func (g *Gateway) resumed(o *stanza.Out) *flight {
	fl := &flight{account: accountOf(o.To)}
	if o.Kind == stanza.Message && o.Type != "error" && localOf(o.From) != "" {
		fl.id, fl.keep, fl.tried = o.ID, o, tried{tries: 1}
	}
	return fl
}

// doubtHeads marks, after a crash, the conversations whose first text may have
// been given to the network: only the first can, and a parked one says so in
// its row. A stanza that turns out to be no text to send passes the doubt on:
// that it was passed over before the crash may not have reached the disk.
func (r *router) doubtHeads() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.users {
		for _, c := range u.convs {
			c.doubt = c.hasTexts()
		}
	}
}

// before tells whether a was accepted before b.
func before(a, b mapping.Key) bool { return compare(a, b) < 0 }

// compare orders keys by age.
func compare(a, b mapping.Key) int {
	return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), cmp.Compare(a.Index, b.Index))
}
