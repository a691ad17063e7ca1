package matrix

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"causeway/bridges/bridgetest"
)

// doAll has all errands done whose time has come, and tells whether one is left.
func doAll(t *testing.T, e *errands) (again bool, err error) {
	t.Helper()
	var wg sync.WaitGroup
	_, err = e.all(t.Context(), &wg)
	wg.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.later) > 0, err
}

// An errand that takes long holds up no other one, is not begun twice, and has its
// next turn when it is there anew.
func TestSlowErrand(t *testing.T) {
	_, b, _ := onFake(t, new(bridgetest.Notes))
	steps, answer := make(chan string, 10), make(chan struct{})
	e := newErrands(b, "x/", func(ctx context.Context, key string) bool {
		steps <- key
		if key == "x/slow" {
			<-answer
		}
		err := b.book.forget(ctx, key)
		steps <- key + " is done"
		return err == nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.run(ctx)
	}()
	asks := func(key string, want ...string) {
		t.Helper()
		e.expect()
		if err := b.book.change(t.Context(), func(p *page) error { return p.set(key, "") }); err != nil {
			t.Fatal(err)
		}
		e.wake()
		for _, step := range want {
			if got := next(t, steps); got != step {
				t.Errorf("%s, not %s", got, step)
			}
		}
	}
	asks("x/slow", "x/slow")
	for range 2 {
		asks("x/quick", "x/quick", "x/quick is done")
	}
	close(answer)
	if got := next(t, steps); got != "x/slow is done" {
		t.Errorf("%s", got)
	}
	cancel()
	<-ended
	if len(steps) > 0 {
		t.Errorf("and then %s", <-steps)
	}
}

// One who lets many errands wait has some places, and leaves the others to others.
func TestSlowStranger(t *testing.T) {
	_, b, _ := onFake(t, new(bridgetest.Notes))
	did, answer := make(chan string, 4*atOnce), make(chan struct{})
	e := newErrands(b, "x/", func(ctx context.Context, key string) bool {
		did <- key
		if key != "x/z" {
			<-answer
		}
		return b.book.forget(ctx, key) == nil
	})
	e.stranger = func(_ context.Context, key string) string {
		if key == "x/z" {
			return ""
		}
		return "slow.example"
	}
	if err := b.book.change(t.Context(), func(p *page) error {
		for n := range 2 * atOnce {
			if err := p.set(fmt.Sprintf("x/%02d", n), ""); err != nil {
				return err
			}
		}
		return p.set("x/z", "")
	}); err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	again, err := e.all(t.Context(), &work)
	if err != nil || !again {
		t.Errorf("again %v, %v", again, err)
	}
	quick := false
	for range atOnceFor + 1 {
		quick = next(t, did) == "x/z" || quick
	}
	close(answer)
	work.Wait()
	if !quick || len(did) > 0 {
		t.Errorf("%d more, the other one among the first: %v", len(did), quick)
	}
	for again, err := true, error(nil); again && err == nil; {
		again, err = e.all(t.Context(), &work)
		work.Wait()
	}
	if n := len(did); n != 2*atOnce-atOnceFor || len(e.busy) > 0 {
		t.Errorf("then %d were done; under way: %v", n, e.busy)
	}
}
