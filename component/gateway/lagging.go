package gateway

import (
	"context"
	"sync"

	"causeway/bridges"
	"causeway/mapping"
)

// lagging are the conversations whose last text the network has, while that is not
// on disk yet. A network that knows a text again lets it be written with the next
// commit, which is most often that of the next text: so a text costs one commit and
// not two. That text does not begin before, so that after a crash still only the
// first of a conversation is in doubt.
type lagging struct {
	mu   sync.Mutex
	last map[string]mapping.Key // by queueName, the text that went last
}

func (l *lagging) add(queue string, k mapping.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = map[string]mapping.Key{}
	}
	l.last[queue] = k
}

// written says that what became of a text is on disk.
func (l *lagging) written(queue string, k mapping.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last[queue] == k {
		delete(l.last, queue)
	}
}

func (l *lagging) has(queue string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, has := l.last[queue]
	return has
}

// lags tells whether what became of a text may reach the disk later. The keys of
// what b accepts are known only when it is there.
func (g *Gateway) lags(ctx context.Context, b *mapping.Batch) bool {
	return g.info.Unknown == bridges.Idempotent && len(b.Cycles) == 0 && !trialOf(ctx).isFrozen()
}

// lag has b, which settles a text, written with the next commit.
func (g *Gateway) lag(ctx context.Context, c *conversation, k mapping.Key, b *mapping.Batch) {
	queue := queueName(c.user.id, c.contact)
	g.lagging.add(queue, k)
	b.Done = func() {
		g.lagging.written(queue, k)
		g.settledWithBridge(k)
	}
	g.behind(ctx, b)
}

// catchUp returns when what became of the last text of c is on disk; false: the
// gateway ends.
func (g *Gateway) catchUp(ctx context.Context, c *conversation) bool {
	return !g.lagging.has(queueName(c.user.id, c.contact)) || g.store.Commit(ctx, new(mapping.Batch)) == nil
}
