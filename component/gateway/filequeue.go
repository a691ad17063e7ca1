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
	more  chan struct{} // something was added, or ended

	services *cache.Cache[string, service]   // that take files, by the host of their users
	told     *cache.Cache[string, time.Time] // what the operator was told of, and when
}

func newFiles() *files {
	return &files{
		busy: map[bridges.AccountID]int{}, more: make(chan struct{}, fileWorkers),
		services: cache.New[string, service](64), told: cache.New[string, time.Time](64),
	}
}

func (f *files) add(c *conversation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, c)
	f.wake()
}

// wake has a worker look. When there is no room all are about to.
func (f *files) wake() {
	select {
	case f.more <- struct{}{}:
	default:
	}
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
	f.wake()
}

// sharesFirst has the file of the first event of c brought, if it has one that was
// not yet. The caller holds the lock of the router.
func (g *Gateway) sharesFirst(c *conversation) bool {
	in := c.in[0]
	if in.Kind != kindMessage || in.Message.File == nil || in.shared != nil {
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

// shareFirst brings the file for which c waits, and has c go on. What panics
// becomes a text, as what cannot be brought.
func (g *Gateway) shareFirst(c *conversation) {
	in := g.router.waitsFor(c)
	got := &shared{File: *in.Message.File}
	g.contain("a file", step{key: in.key, run: func(ctx context.Context) { g.bring(ctx, in, got) }})
	if g.work.Err() != nil {
		return // it stays in the journal
	}
	r := &g.router
	r.mu.Lock()
	defer r.mu.Unlock()
	in.shared, in.Message.Text, c.sharing = got, got.text(), nil
	g.startConversation(c)
	g.settleConversation(c) // the gateway was turned off meanwhile
}

// waitsFor returns the event for whose file c waits.
func (r *router) waitsFor(c *conversation) *incoming {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.sharing
}
