package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
)

const (
	// fileWorkers is how many files of the network are brought at once, and
	// fileShare how many of them are for one account.
	fileWorkers, fileShare = 16, 4
)

// files are the conversations whose next event has a file. A file may take its
// time: who waits for it are the events behind it in its conversation, and nobody
// else. It is safe for concurrent use.
type files struct {
	mu    sync.Mutex
	queue []*conversation // as many as Deliver admits
	busy  map[bridges.AccountID]int
	more  bell // something was added, or ended: all may look at once

	services *cache.Cache[string, service]   // that take files, by the host of their users
	told     *cache.Cache[string, time.Time] // what the operator was told of, and when
}

func newFiles() *files {
	return &files{
		busy: map[bridges.AccountID]int{}, more: make(bell, fileWorkers),
		services: cache.New[string, service](64), told: cache.New[string, time.Time](64),
	}
}

func (f *files) add(c *conversation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, c)
	f.more.ring()
}

// take returns a conversation whose turn has come; nil: there is none now.
func (f *files) take() *conversation {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.queue, func(c *conversation) bool { return f.busy[c.user.id] < fileShare })
	if i < 0 {
		return nil
	}
	c := f.queue[i]
	f.queue = slices.Delete(f.queue, i, i+1)
	f.busy[c.user.id]++
	return c
}

func (f *files) done(id bridges.AccountID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy[id]--; f.busy[id] == 0 {
		delete(f.busy, id)
	}
	f.more.ring()
}

// sharesFirst has the file of the first event of c brought, if it has one that was
// not yet. The caller holds the lock of the router.
func (g *Gateway) sharesFirst(c *conversation) bool {
	in := c.in[0]
	file := in.Kind == kindMessage && in.Message.File != nil && in.shared == nil
	if !file && in.recalls != toRecall {
		return false
	}
	c.sharing = in
	g.files.add(c)
	return true
}

// shareFiles brings files until the gateway ends.
func (g *Gateway) shareFiles(ctx context.Context) {
	for {
		for c := g.files.take(); c != nil; c = g.files.take() {
			g.shareFirst(c)
			g.files.done(c.user.id)
		}
		select {
		case <-ctx.Done():
			return
		case <-g.files.more:
		}
	}
}

// shareFirst brings the file for which c waits, or the text, and has c go on.
func (g *Gateway) shareFirst(c *conversation) {
	in := g.router.waitsFor(c)
	brings := g.bringFile
	if in.recalls == toRecall {
		brings = g.bringText
	}
	brought := brings(in)
	if g.work.Err() != nil {
		return // it stays in the journal
	}
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	c.sharing = nil
	c.becomes(in, brought())
	g.startConversation(c)
	g.settleConversation(c) // the gateway was turned off meanwhile
}

// becomes puts an event in the place of another, unless that was taken out meanwhile.
func (c *conversation) becomes(was, in *incoming) {
	if i := slices.Index(c.in, was); i >= 0 {
		c.in[i] = in
	}
}

// bringFile brings the file of an event, and returns what is done then. What panics
// becomes a text, as what cannot be brought.
func (g *Gateway) bringFile(in *incoming) func() *incoming {
	got := &shared{File: *in.Message.File}
	g.contain("a file", step{key: in.key, run: func(ctx context.Context) { g.bring(ctx, in, got) }})
	return func() *incoming {
		in.shared, in.Message.Text = got, got.text()
		return in
	}
}

// waitsFor returns the event for whose file c waits.
func (r *router) waitsFor(c *conversation) *incoming {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.sharing
}
