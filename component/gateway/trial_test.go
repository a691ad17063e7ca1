package gateway

import (
	"context"
	"log/slog"
	"testing"

	"causeway/bridges/takeover"
	"causeway/mapping"
)

// legacy is the keeper of a test: successors get a copy of the areas, since
// what a dead program still does must not be seen.
type legacy struct {
	takeover.Memory
	areas map[string][]byte
}

// Area implements takeover.Keeper.
func (l *legacy) Area(name string, size int) ([]byte, error) {
	if l.areas == nil {
		l.areas = map[string][]byte{}
	}
	if len(l.areas[name]) != size {
		l.areas[name] = make([]byte, size)
	}
	return l.areas[name], nil
}

// die returns what a successor finds. As at a kill, others write meanwhile.
//
//go:norace
func (l *legacy) die() *legacy {
	next := &legacy{areas: map[string][]byte{}}
	for name, a := range l.areas {
		b := make([]byte, len(a))
		//lint:ignore S1001 copy would look for races itself
		for i := range a {
			b[i] = a[i]
		}
		next.areas[name] = b
	}
	return next
}

func (l *legacy) trials() *trials { return newTrials(l, slog.New(slog.DiscardHandler)) }

func key(n int) mapping.Key { return mapping.Key{Cycle: uint64(n)} }

// Hundreds are waiting and some running when the program dies: only these are
// suspect, and only one of them is handled at a time.
func TestDeathCountsAgainstWhatRuns(t *testing.T) {
	ctx := context.Background()
	l := &legacy{}
	a := l.trials()
	for i := 1; i <= 300; i++ {
		if x := a.begin(ctx, key(i)); i > 3 {
			x.leave()
		}
	}
	l = l.die()
	b := l.trials()
	for i := 1; i <= 300; i++ {
		if deaths, _ := b.of(key(i)); (deaths == 1) != (i <= 3) {
			t.Errorf("record %d has %d deaths", i, deaths)
		}
	}
	first := b.begin(ctx, key(1))
	second := make(chan *trial)
	go func() { second <- b.begin(ctx, key(2)) }()
	b.begin(ctx, key(4)).end() // no suspect waits for one
	first.leave()              // nor does one while another waits
	x := <-second
	x.end()
	first.enter()
	first.end()
	l = l.die()
	c := l.trials()
	for i, want := range map[int]uint8{1: 0, 2: 0, 3: 1} {
		if deaths, _ := c.of(key(i)); deaths != want {
			t.Errorf("record %d has %d deaths at last", i, deaths)
		}
	}
}

// A hand-over, and a death in a wait, are nobody's fault.
func TestNobodyDied(t *testing.T) {
	l := &legacy{}
	a := l.trials()
	a.begin(context.Background(), key(1))
	a.handOver()
	l = l.die()
	if deaths, _ := l.trials().of(key(1)); deaths != 0 {
		t.Errorf("%d deaths", deaths)
	}
	b := l.trials() // the mark is gone
	b.begin(context.Background(), key(1)).sends(true)
	c := l.die().trials()
	if deaths, f := c.of(key(1)); deaths != 1 || f != sending|doubted {
		t.Errorf("%d deaths, %b", deaths, f)
	}
}

// A table that is full, or that nobody can make, watches less and stops
// nothing.
func TestFullTable(t *testing.T) {
	a := (&legacy{}).trials()
	a.fresh = maxTrials
	x := a.begin(context.Background(), key(1))
	x.leave()
	x.enter()
	x.sends(false)
	x.rest()
	x = a.begin(context.Background(), key(1))
	x.end()
	if len(a.free) != 0 || len(a.left) != 0 {
		t.Error("a slot from nowhere")
	}
}

// What is left of records that are gone is forgotten.
func TestPurge(t *testing.T) {
	l := &legacy{}
	a := l.trials()
	for i := range 3 {
		a.begin(context.Background(), key(i+1)).sends(false)
	}
	b := l.die().trials()
	s := newMemStore()
	s.state.parked[key(1)] = mapping.Parked{}
	b.begin(context.Background(), key(2)).rest() // seen by the replay
	if err := b.purge(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if _, gone := b.left[key(3)]; len(b.left) != 2 || gone {
		t.Errorf("left: %v", b.left)
	}
}

// of tells how often a record has killed the program, or might have, and
// whether a predecessor had given it to the bridge.
func (t *trials) of(k mapping.Key) (deaths uint8, f flags) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x := t.left[k]; x != nil {
		return x.deaths, x.flags
	}
	return 0, 0
}
