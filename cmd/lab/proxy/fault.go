package proxy

// fault is something that happens once, in the midst of the bytes of one
// direction.
type fault struct {
	kind  kind
	after int // bytes, over all connections
	done  chan struct{}
}

type kind int

const (
	cut kind = iota
	hush
)

// Cut resets a connection, as Reset does, when n bytes of a direction have
// passed, counted from now over all connections, and the next one comes: that
// one is lost, on the way up, too, though TCP has acknowledged it as no network
// would. The channel is closed when it has happened.
func (p *Proxy) Cut(w Way, n int) <-chan struct{} { return p.arm(w, &fault{kind: cut, after: n}) }

// Hush is like Cut, but the connection stays open: nothing more comes in that
// direction.
func (p *Proxy) Hush(w Way, n int) <-chan struct{} { return p.arm(w, &fault{kind: hush, after: n}) }

// arm replaces what was armed in that direction.
func (p *Proxy) arm(w Way, f *fault) <-chan struct{} {
	f.done = make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed[w] = f
	return f.done
}

// due tells whether a fault is due within the next n bytes, and after how many.
func (p *Proxy) due(w Way, n int) (before int, f *fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f = p.armed[w]
	switch {
	case f == nil:
		return 0, nil
	case f.after >= n:
		f.after -= n
		return 0, nil
	}
	p.armed[w] = nil
	return f.after, f
}
