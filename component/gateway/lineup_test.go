package gateway

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

// waiters returns a lineup of two, and what takes all who wait in it.
func waiters() (l *lineup[string], taken func() []string) {
	l = newLineup[string](2)
	return l, func() (all []string) {
		for k, ok := l.take(); ok; k, ok = l.take() {
			all = append(all, k)
		}
		return all
	}
}

func TestLineup(t *testing.T) {
	l, taken := waiters()
	for _, x := range []struct {
		k    string
		room bool
	}{{"a", true}, {"b", true}, {"a", true}, {"c", false}, {"b", true}} {
		if l.add(x.k) != x.room {
			t.Errorf("%s: there is room: %t", x.k, !x.room)
		}
	}
	if got := taken(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("each once, in order: %q", got)
	}
	if !l.add("a") || !slices.Equal(taken(), []string{"a"}) {
		t.Error("who had a turn does not wait again")
	}
}

// TestLineupAgain: who failed waits again when it is said, as far as there is room,
// and once.
func TestLineupAgain(t *testing.T) {
	l, taken := waiters()
	for _, k := range []string{"a", "b", "a", "for whom there is no room"} {
		l.fails(k)
	}
	l.add("c")
	l.again()
	first := taken()
	l.again()
	second := taken()
	l.again()
	if got := slices.Concat(first[1:], second, taken()); len(first) != 2 || !slices.Equal(slices.Sorted(slices.Values(got)), []string{"a", "b"}) {
		t.Errorf("first %q, then %q", first, second)
	}
	l.fails("a")
	l.forgives("a")
	if l.again(); len(taken()) != 0 {
		t.Error("who was forgiven waits again")
	}
}

// TestLineupEach: several take what waits, each one at a time, until they are ended.
func TestLineupEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := waiters()
		ctx, end := context.WithCancel(t.Context())
		defer end()
		busy, goOn := make(chan string, 8), make(chan struct{})
		for range 2 {
			go l.each(ctx, func(k string) {
				busy <- k
				<-goOn
			})
		}
		synctest.Wait()
		l.add("a")
		l.add("b")
		synctest.Wait()
		if len(busy) != 2 {
			t.Errorf("%d have work at the same time", len(busy))
		}
		l.add("a") // once more: somebody has it
		l.add("c")
		close(goOn)
		synctest.Wait()
		end()
		synctest.Wait()
		l.add("nobody is there")
		synctest.Wait()
		close(busy)
		var got []string
		for k := range busy {
			got = append(got, k)
		}
		if slices.Sort(got); !slices.Equal(got, []string{"a", "a", "b", "c"}) {
			t.Errorf("done: %q", got)
		}
	})
}
