package bridgetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"causeway/bridges"
)

// life is one adapter, from its start to its end.
type life struct {
	bridge bridges.Bridge
	host   *host
	ctx    context.Context // ends with the adapter
	end    context.CancelFunc
	dead   <-chan struct{} // see fuse.alive
	ran    chan error      // what Run returned; nil: there is no Run

	mu       sync.Mutex
	sessions map[bridges.AccountID]bridges.Session
}

// host is the gateway of one adapter.
type host struct {
	w     *world
	life  *life
	ready chan struct{}
	hints chan bridges.Delivery
}

var _ bridges.Host = (*host)(nil)

// Owner implements bridges.Host.
func (h *host) Owner(ctx context.Context, id bridges.UserID) (bridges.AccountID, bool, error) {
	if ctx.Err() != nil {
		return "", false, ctx.Err()
	}
	for _, a := range []bridges.Account{h.w.Account, h.w.Second} {
		if a.Self == id && id != "" {
			return a.ID, true, nil
		}
	}
	return "", false, nil
}

// Deliver implements bridges.Host.
func (h *host) Deliver(ctx context.Context, ds []bridges.Delivery) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if h.w.fuse.step(inStore, 0) == Cut {
		return errRefused // and nothing is kept
	}
	for _, d := range ds {
		h.w.checkOwn(h.life, d)
	}
	h.w.store.keep(ds)
	if h.w.fuse.step(kept, 0) == Cut {
		return errRefused
	}
	return nil
}

// Hint implements bridges.Host.
func (h *host) Hint(d bridges.Delivery) {
	h.w.checkOwn(h.life, d)
	select {
	case h.hints <- d:
	default: // it may get lost
	}
}

// Answered implements bridges.Host.
func (h *host) Answered(once ...string) {
	if !h.w.fuse.gone() {
		h.w.store.answered(once)
	}
}

// Ready implements bridges.Host.
func (h *host) Ready() {
	select {
	case h.ready <- struct{}{}:
	default:
	}
}

// world is an adapter and its network, and one adapter after the other.
type world struct {
	Adapter
	t     *testing.T
	store *store
	fuse  *fuse
	life  *life // the newest
	ids   map[bridges.MessageID]bool
	of    map[string][]bridges.MessageID // by the text
}

func newWorld(t *testing.T, a Adapter) *world {
	t.Helper()
	w := &world{Adapter: a, t: t, store: newStore(), fuse: &fuse{}, ids: map[bridges.MessageID]bool{}, of: map[string][]bridges.MessageID{}}
	if w.Notes == nil {
		w.Notes = new(Notes)
	}
	w.Line.set(func(s Step) Verdict { return w.fuse.step(onLine, s) })
	w.begin()
	w.store.styles = w.life.bridge.Info().Can.Has(bridges.CanStyling)
	t.Cleanup(w.over)
	return w
}

// begin starts an adapter.
func (w *world) begin() {
	w.t.Helper()
	l := &life{sessions: map[bridges.AccountID]bridges.Session{}}
	l.host = &host{w: w, life: l, ready: make(chan struct{}, 1), hints: make(chan bridges.Delivery, 1000)}
	l.ctx, l.end = context.WithCancel(context.WithoutCancel(w.t.Context()))
	l.dead = w.fuse.alive(l.end)
	l.bridge = w.Make(w.t, keeps{w.Notes, w.fuse})
	w.life = l
	r, ok := l.bridge.(bridges.Runner)
	if !ok {
		return
	}
	l.ran = make(chan error, 1)
	go func() { l.ran <- r.Run(l.ctx, l.host) }()
	select {
	case <-l.host.ready:
		l.host.Ready()
	case <-l.dead:
	case err := <-l.ran:
		if l.ran <- err; !l.died() {
			w.t.Fatalf("Run returns at once: %v", err)
		}
	case <-time.After(limit):
		w.t.Fatal("a Runner never calls Host.Ready")
	}
}

// died tells whether the adapter was killed.
func (l *life) died() bool {
	select {
	case <-l.dead:
		return true
	default:
		return false
	}
}

// over ends the newest adapter.
func (w *world) over() {
	w.t.Helper()
	l := w.life
	l.end()
	l.mu.Lock()
	all := l.sessions
	l.sessions = nil
	l.mu.Unlock()
	for _, s := range all {
		if err := s.Close(); err != nil && !l.died() {
			w.t.Errorf("Close: %v", err)
		}
	}
	if l.ran == nil {
		return
	}
	select {
	case err := <-l.ran:
		if l.ran <- err; err != nil && !l.died() {
			w.t.Errorf("Run: %v", err)
		}
	case <-time.After(limit):
		w.t.Error("Run does not return when its context has ended")
	}
}

// now returns the adapter that lives: a new one when the last was killed.
func (w *world) now() *life {
	w.t.Helper()
	for w.life.died() {
		w.over()
		w.begin()
	}
	return w.life
}

// session returns the open session of an account.
func (l *life) session(ctx context.Context, a bridges.Account) (bridges.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.sessions[a.ID]; ok {
		return s, nil
	}
	s, err := l.bridge.Open(ctx, a)
	if err == nil {
		l.sessions[a.ID] = s
	}
	return s, err
}
