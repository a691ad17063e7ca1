package gateway

import (
	"context"
	"errors"
	"time"

	"causeway/bridges/takeover"
)

// The end of a gateway is bounded, whoever is silent: whoever started it kills
// it after some time, often ten or fifteen seconds, and closing the store comes
// after it.
const (
	// stopTime bounds how long the messages under way may take.
	stopTime = 3 * time.Second
	// goodbyeTime bounds the last presence.
	goodbyeTime = 2 * time.Second
	// endTime bounds all: the link takes at most 5 s after the goodbye.
	endTime = 11 * time.Second
)

// ErrStuck is what Run returns when a part of it does not end: the store
// blocks, or an adapter does not obey. What is under way is in doubt, as after
// a crash: the store must not be closed in order.
var ErrStuck = errors.New("gateway: it does not end in time")

// runner is a part that runs beside the gateway.
type runner struct {
	stop context.CancelCauseFunc
	done chan struct{}
	err  error // when done
}

func (g *Gateway) spawn(run func(ctx context.Context) error) *runner {
	ctx, cancel := context.WithCancelCause(g.work)
	r := &runner{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = run(ctx)
	}()
	return r
}

// shutDown ends everything in order, or gives up on it.
func (g *Gateway) shutDown(link, bridge *runner) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.cutOff() // what waits for the link is in the journal
		g.router.drain(stopTime)
		bridge.stop(nil)
		g.sayGoodbye()
		link.stop(nil)
		<-link.done
		<-bridge.done
		g.end()
	}()
	t := time.NewTimer(endTime)
	defer t.Stop()
	select {
	case <-done:
		return nil
	case <-t.C:
		g.stop()
		g.log.Error("the gateway does not end in time")
		return ErrStuck
	}
}

// handOver stops link and bridge with their connections open. Nothing that the
// steps under way hear of that gets to the disk.
func (g *Gateway) handOver(link, bridge *runner) {
	g.trials.handOver()
	link.stop(takeover.ErrHandover)
	bridge.stop(takeover.ErrHandover)
	t := time.NewTimer(endTime)
	defer t.Stop()
	for _, r := range []*runner{link, bridge} {
		select {
		case <-r.done:
		case <-t.C:
			g.log.Error("the gateway does not stop in time for its successor")
			return
		}
	}
}

// end stops all that runs and waits for it.
func (g *Gateway) end() {
	g.stop()
	g.router.wait()
	g.wg.Wait()
	g.sessions.closeAll()
}

// drain lets no new step begin, and waits for those under way.
func (r *router) drain(limit time.Duration) {
	t := time.AfterFunc(limit, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.expired = true
		r.idle.Broadcast()
	})
	defer t.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.close()
	for r.running > 0 && !r.expired {
		r.idle.Wait()
	}
}

// wait waits for all steps, which have been told to end.
func (r *router) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.close()
	for r.running > 0 {
		r.idle.Wait()
	}
}
