package gateway

import (
	"context"
	"slices"
	"sync"

	"causeway/bridges"
)

const (
	// bringers is for how many events something is brought at once, and bringShare
	// how many of them are of one account.
	bringers, bringShare = 16, 4
)

// bringing are the conversations for whose next event something is to be brought: its
// file, or the text that is left when an edit is taken back. That may take its time: who
// waits for it are the events behind it in its conversation, and nobody else. It is safe
// for concurrent use.
type bringing struct {
	mu    sync.Mutex
	queue []*conversation // as many as Deliver admits
	busy  map[bridges.AccountID]int
	more  bell // something was added, or ended: all may look at once
}

func newBringing() *bringing {
	return &bringing{busy: map[bridges.AccountID]int{}, more: make(bell, bringers)}
}

func (b *bringing) add(c *conversation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append(b.queue, c)
	b.more.ring()
}

// take returns a conversation whose turn has come; nil: there is none now.
func (b *bringing) take() *conversation {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.queue, func(c *conversation) bool { return b.busy[c.user.id] < bringShare })
	if i < 0 {
		return nil
	}
	c := b.queue[i]
	b.queue = slices.Delete(b.queue, i, i+1)
	b.busy[c.user.id]++
	return c
}

func (b *bringing) done(id bridges.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy[id]--; b.busy[id] == 0 {
		delete(b.busy, id)
	}
	b.more.ring()
}

// bringsNext has brought what the next event of c needs, if that is anything which was
// not yet. The caller holds the lock of the router.
func (g *Gateway) bringsNext(c *conversation) bool {
	in := c.in[0]
	file := in.Kind == kindMessage && in.Message.File != nil && in.shared == nil
	if !file && in.recalls != toRecall {
		return false
	}
	c.awaits = in
	g.bringing.add(c)
	return true
}

// bringAll brings what is waited for until the gateway ends.
func (g *Gateway) bringAll(ctx context.Context) {
	for {
		for c := g.bringing.take(); c != nil; c = g.bringing.take() {
			g.bringNext(c)
			g.bringing.done(c.user.id)
		}
		select {
		case <-ctx.Done():
			return
		case <-g.bringing.more:
		}
	}
}

// bringNext brings that for which c waits, and has c go on.
func (g *Gateway) bringNext(c *conversation) {
	in := g.router.waitsFor(c)
	brings := g.bringFile
	if in.recalls == toRecall {
		brings = g.bringText
	}
	done := brings(in)
	if g.work.Err() != nil {
		return // it stays in the journal
	}
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	c.awaits = nil
	done(c)
	g.startConversation(c)
	g.settleConversation(c) // the gateway was turned off meanwhile
}

// bringFile brings the file of an event, and returns what is done then. What panics
// becomes a text, as what cannot be brought.
func (g *Gateway) bringFile(in *incoming) (done func(*conversation)) {
	got := &shared{File: *in.Message.File}
	g.contain("a file", step{key: in.key, run: func(ctx context.Context) { g.bring(ctx, in, got) }})
	return func(*conversation) { in.shared, in.Message.Text = got, got.text() }
}

// waitsFor returns the event for which c waits until something is brought.
func (r *router) waitsFor(c *conversation) *incoming {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.awaits
}
