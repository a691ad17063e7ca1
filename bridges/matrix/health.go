package matrix

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
)

// health is since when the homeserver takes messages, or does not.
type health struct {
	mu    sync.Mutex
	since time.Time
	err   error // nil: it does

	fell    chan struct{} // it does not any more
	refused chan struct{} // we did not take what it has
}

func newHealth() *health {
	return &health{
		since: time.Now(), err: errors.New("not connected yet"),
		fell: make(chan struct{}, 1), refused: make(chan struct{}, 1),
	}
}

// nudge wakes who waits on c, now or next.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// up says that it does. News: it did not before.
func (h *health) up() (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if news = h.err != nil; news {
		h.since, h.err = time.Now(), nil
	}
	return news
}

// down says that it does not, and why. News: it did before.
func (h *health) down(err error) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if news = h.err == nil; news {
		h.since = time.Now()
	}
	h.err = err
	return news
}

// State implements bridges.Reporter.
func (b *Bridge) State() (time.Time, error) {
	b.health.mu.Lock()
	defer b.health.mu.Unlock()
	return b.health.since, b.health.err
}

// failed makes an error for the user (see failure), and notes when the homeserver
// is away.
func (b *Bridge) failed(err error, doubt bridges.Kind) error {
	var e *client.Error
	if errors.As(err, &e) && e.Status == 0 && e.Cause != nil && !errors.Is(err, context.Canceled) {
		b.fell(err)
	}
	return failure(err, doubt)
}

// fell notes that the homeserver does not answer, and has watch look.
func (b *Bridge) fell(err error) {
	if b.health.down(err) {
		b.log.Warn("the homeserver is away", "err", err)
	}
	nudge(b.health.fell)
}

const (
	// pingTime is between two pings while all is well, and retryTime while it is
	// not.
	pingTime, retryTime = time.Minute, 2 * time.Second
)

// watch pings until ctx ends: after an outage, and after what we did not take, that
// brings what the homeserver has kept, which else comes minutes later.
func (b *Bridge) watch(ctx context.Context) {
	t := time.NewTimer(0)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-b.health.fell:
		case <-b.health.refused:
			t.Reset(retryTime)
			continue
		}
		err := b.ping(ctx, n)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			b.fellBy(err)
			t.Reset(retryTime)
			continue
		case b.health.up():
			b.log.Info("the homeserver is there")
			b.host.Ready()
			nudge(b.presents.due)
		}
		t.Reset(pingTime)
	}
}

// fellBy notes why the homeserver cannot be used, or cannot reach us.
func (b *Bridge) fellBy(err error) {
	b.lag.fails(time.Now())
	if b.health.down(err) {
		b.log.Warn("the homeserver cannot be used", "err", err)
	}
}

// ping asks the homeserver whether it knows and reaches us. One that cannot ping
// says who we are.
func (b *Bridge) ping(ctx context.Context, n int) error {
	_, err := b.server.Ping(ctx, b.registration.ID, fmt.Sprintf("ping%d", n))
	if client.Is(err, "M_UNRECOGNIZED") {
		_, err = b.server.WhoAmI(ctx)
	}
	return b.explain(err)
}
