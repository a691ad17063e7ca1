package matrix

import (
	"context"
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
