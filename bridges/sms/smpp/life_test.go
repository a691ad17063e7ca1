package smpp

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"causeway/bridges/takeover"
)

// life is a client that lives until it dies.
type life struct {
	w      *world
	c      *Client
	ctx    context.Context
	cancel context.CancelCauseFunc
	dead   atomic.Bool
	work   sync.WaitGroup // submits
	ended  chan error
}

// die ends a life as a kill would: nothing that is noted is undone, and nobody
// passes another point.
func (l *life) die() {
	l.dead.Store(true)
	l.cancel(takeover.ErrHandover)
	poke(l.w.changed)
}

// live starts a client that dies when step says so.
func (w *world) live(step func(point) bool) *life {
	l := &life{w: w, ended: make(chan error, 1)}
	l.ctx, l.cancel = context.WithCancelCause(w.Context())
	h := Handler(w)
	if w.h != nil {
		h = w.h
	}
	l.c = New(w.cfg, h)
	w.mu.Lock()
	w.now = l
	w.mu.Unlock()
	l.c.step = func(p point) {
		if !l.dead.Load() && step != nil && step(p) {
			l.die()
		}
		if l.dead.Load() {
			runtime.Goexit()
		}
	}
	go func() { l.ended <- l.c.Run(l.ctx) }()
	return l
}

// at dies at the n-th passage of a point.
func at(p point, n int) func(point) bool {
	var count atomic.Int64
	return func(q point) bool { return q == p && count.Add(1) == int64(n) }
}

// over waits for the end of a life.
func (l *life) over() {
	l.w.Helper()
	select {
	case err := <-l.ended:
		if err != nil {
			l.w.Error(err)
		}
	case <-time.After(patient * 4 * time.Second):
		l.w.Fatal("the client does not end")
	}
	l.work.Wait()
}

// talk submits each person's texts that have no fate yet, one after the other,
// as the gateway does after a start.
func (l *life) talk(people, each int) {
	for person := range people {
		l.work.Go(func() {
			for i := range each {
				text := fmt.Sprintf("p%d %d", person, i)
				for l.w.fate(text).text == "" && l.ctx.Err() == nil {
					l.submit(text)
				}
			}
		})
	}
}

// submit submits a text, and puts on disk what became of it.
func (l *life) submit(text string) {
	id, err := l.c.Submit(l.ctx, Ticket{Key: text}, message(text))
	var s *StatusError
	switch {
	case errors.Is(err, ErrNotBound), errors.Is(err, takeover.ErrHandover), l.dead.Load():
		runtime.Gosched()
		return
	case err == nil && id != text:
		l.w.Errorf("%s has the id %q", text, id)
	}
	l.w.mu.Lock()
	l.w.fates[text] = fate{text: text, unknown: errors.Is(err, ErrUnknown), refused: errors.As(err, &s)}
	l.w.mu.Unlock()
	l.c.Settled(text)
	poke(l.w.changed)
}
