package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"causeway/mapping"
)

func testKeys(k *kase) {
	var last uint64
	grows := func(c *mapping.Cycle) {
		k.Helper()
		if c.ID <= last {
			k.Fatalf("key %d after %d", c.ID, last)
		}
		last = c.ID
	}
	for range 3 {
		a, b := cycle(sms, "a"), cycle(other, "b", "c")
		k.commit(&mapping.Batch{Cycles: []*mapping.Cycle{a, b}})
		grows(a)
		grows(b)
		// Keys grow even when nothing is left that has the old ones.
		k.commit(&mapping.Batch{Settle: []mapping.Key{a.Key(0), b.Key(0), b.Key(1)}})
		k.reopen()
		c := cycle(sms, "d")
		k.accept(c)
		grows(c)
		k.crash()
	}
}

func testReplay(k *kase) {
	k.accept(cycle(sms, "one", "two"))
	k.accept(cycle(other, "not ours"))
	k.accept(cycle(sms, "three", ""))
	for range 2 {
		k.equal(k.replayed(sms), []string{"one", "two", "three", ""})
		k.equal(k.replayed(other), []string{"not ours"})
		k.equal(k.replayed("nobody.example.org"), []string{})
		k.reopen()
	}
}

func testSettleParts(k *kase) {
	texts := numbers(100)
	keys := k.accept(cycle(sms, texts...))
	for i := 0; i < 100; i += 2 {
		k.commit(&mapping.Batch{Settle: []mapping.Key{keys[i]}})
	}
	var odd []string
	for i := 1; i < 100; i += 2 {
		odd = append(odd, texts[i])
	}
	k.equal(k.replayed(sms), odd)
	k.crash()
	k.equal(k.replayed(sms), odd)
	k.commit(&mapping.Batch{Settle: keys[:98]})
	k.reopen()
	k.equal(k.replayed(sms), []string{"99"})
	k.commit(&mapping.Batch{Settle: keys[98:]})
	k.equal(k.replayed(sms), []string{})
	k.crash()
	k.equal(k.replayed(sms), []string{})
}

func testSettledTwice(k *kase) {
	keys := k.accept(cycle(sms, "a", "b"))
	unknown := []mapping.Key{{}, {Cycle: keys[0].Cycle, Index: 2}, {Cycle: keys[0].Cycle + 1000}}
	for range 3 {
		k.commit(&mapping.Batch{Settle: append(unknown, keys[0], keys[0])})
		k.equal(k.replayed(sms), []string{"b"})
	}
}

func testCrash(k *kase) {
	var want []string
	for i := range 30 {
		keys := k.accept(cycle(sms, fmt.Sprint("a", i), fmt.Sprint("b", i)))
		k.commit(&mapping.Batch{Settle: keys[:1]})
		want = append(want, fmt.Sprint("b", i))
		if i%10 == 0 {
			k.crash()
		}
	}
	k.crash()
	k.equal(k.replayed(sms), want)
}

// testCrashBehind: what is behind may be lost by a crash, what was committed
// before or after may not.
func testCrashBehind(k *kase) {
	a := k.accept(cycle(sms, "a"))
	k.Behind(&mapping.Batch{Settle: a})
	b := k.accept(cycle(sms, "b"))
	k.Behind(&mapping.Batch{Settle: b})
	k.crash()
	got := k.replayed(sms)
	if slices.Contains(got, "a") || len(got) > 1 {
		k.Fatalf("replayed %q: a was settled before a commit", got)
	}
}

func testClean(k *kase) {
	if !k.Clean() {
		k.Fatal("a new store is not clean")
	}
	k.reopen()
	if !k.Clean() {
		k.Fatal("not clean after Close")
	}
	k.crash()
	if k.Clean() {
		k.Fatal("clean after a crash")
	}
	k.crash()
	if k.Clean() {
		k.Fatal("clean after two crashes")
	}
	k.reopen()
	if !k.Clean() {
		k.Fatal("not clean after a crash and a Close")
	}
	k.ok(k.Close())
	k.ok(k.Close()) // the second does nothing
	k.open()
}

func testOffsets(k *kase) {
	last := func(bridge string, conn uint64) uint64 {
		k.Helper()
		n, err := k.LastOffset(k.Context(), bridge, conn)
		k.ok(err)
		return n
	}
	k.equal(last(sms, 7), uint64(0))
	const conn = 1<<63 + 7 // all of uint64 is allowed
	a, b := cycle(sms, "a"), cycle(sms, "b")
	a.Conn, a.First, a.Last = conn, 0, 100
	b.Conn, b.First, b.Last = conn, 100, 1<<63+200
	aKeys := k.accept(a)
	k.equal(last(sms, conn), uint64(100))
	bKeys := k.accept(b)
	b.First, b.Last = 50, 60 // it came again, and the place stays
	bKeys = append(bKeys, k.accept(b)...)
	k.equal(last(sms, conn), uint64(1<<63+200))
	x := cycle(other, "x")
	x.Conn, x.Last = conn, 5
	k.accept(x)
	// The offset outlives the records.
	k.commit(&mapping.Batch{Settle: append(aKeys, bKeys...)})
	k.crash()
	k.equal(last(sms, conn), uint64(1<<63+200))
	k.equal(last(other, conn), uint64(5))
	k.equal(last(sms, conn+1), uint64(0))
}

func testEmpty(k *kase) {
	k.commit(&mapping.Batch{})
	k.Behind(&mapping.Batch{})
	empty := &mapping.Cycle{Bridge: sms, Conn: 1, First: 10, Last: 20}
	k.accept(empty)
	k.reopen()
	k.equal(k.replayed(sms), []string{})
	n, err := k.LastOffset(k.Context(), sms, 1)
	k.ok(err)
	k.equal(n, uint64(20))
}

// testAlone: the place counts of every cycle with a connection; a key of its
// own has only one that is alone.
func testAlone(k *kase) {
	var cycles []*mapping.Cycle
	for i := range 6 {
		c := cycle(sms, fmt.Sprint(i))
		c.Conn, c.Last, c.Alone = uint64(1+i%2), uint64(10-i), i%2 == 0
		cycles = append(cycles, c)
	}
	k.commit(&mapping.Batch{Cycles: cycles})
	for i, c := range cycles {
		if c.Alone && c.Index != 0 {
			k.Errorf("cycle %d has the index %d", i, c.Index)
		}
	}
	k.equal(len(k.replayed(sms)), 6)
	for conn, want := range map[uint64]uint64{1: 10, 2: 9} {
		n, err := k.LastOffset(k.Context(), sms, conn)
		k.ok(err)
		k.equal(n, want)
	}
}

// testAccepted: a replay tells when a record was accepted.
func testAccepted(k *kase) {
	before := time.Now()
	k.accept(cycle(sms, "a", "b"))
	k.crash()
	k.ok(k.Replay(k.Context(), sms, func(_ mapping.Key, r mapping.Record) error {
		if r.At.Before(before.Round(0)) || r.At.After(time.Now()) {
			k.Errorf("accepted at %v, not %v", r.At, before)
		}
		return nil
	}))
}

// testDone: whoever waits for what is behind hears of it in order, also of a
// batch in which there is nothing.
func testDone(k *kase) {
	var mu sync.Mutex
	var order []int
	all := make(chan struct{})
	const n = 100
	for i := range n {
		b := &mapping.Batch{Done: func() {
			mu.Lock()
			defer mu.Unlock()
			if order = append(order, i); len(order) == n {
				close(all)
			}
		}}
		if i%3 > 0 {
			b.Cycles = []*mapping.Cycle{cycle(sms, fmt.Sprint(i))}
		}
		if i%10 == 9 {
			k.commit(b)
			mu.Lock()
			k.equal(len(order), i+1) // before Commit returns
			mu.Unlock()
			continue
		}
		k.Behind(b)
	}
	<-all
	k.equal(slices.IsSorted(order), true)
	k.crash()
	k.equal(len(k.replayed(sms)), n-(n+2)/3)
}

func testReplayStops(k *kase) {
	k.accept(cycle(sms, "a", "b", "c"))
	n := 0
	err := k.Replay(k.Context(), sms, func(mapping.Key, mapping.Record) error {
		if n++; n == 2 {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) || n != 2 {
		k.Fatalf("%d calls, %v", n, err)
	}
}

// testReplayPages: a replay of many cycles, during which f settles what it
// gets.
func testReplayPages(k *kase) {
	texts := numbers(300)
	for _, s := range texts {
		k.accept(cycle(sms, s, "keep"))
	}
	n := 0
	k.ok(k.Replay(k.Context(), sms, func(key mapping.Key, r mapping.Record) error {
		if key.Index == 0 {
			k.equal(string(r.Data), texts[n])
			n++
			k.Behind(&mapping.Batch{Settle: []mapping.Key{key}})
		}
		return nil
	}))
	k.equal(n, 300)
	k.equal(len(k.replayed(sms)), 300)
}

func testContext(k *kase) {
	err := k.Commit(canceled(k.Context()), &mapping.Batch{Cycles: []*mapping.Cycle{cycle(sms, "a")}})
	if !errors.Is(err, context.Canceled) {
		k.Fatalf("commit: %v", err)
	}
	if err := k.Replay(canceled(k.Context()), sms, nil); !errors.Is(err, context.Canceled) {
		k.Fatalf("replay: %v", err)
	}
	if _, _, err := k.Account(canceled(k.Context()), sms, alice); !errors.Is(err, context.Canceled) {
		k.Fatalf("account: %v", err)
	}
	k.equal(k.replayed(sms), []string{})
}

// testTogether: many callers at once; each has its own records.
func testTogether(k *kase) {
	const callers, rounds = 32, 20
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range rounds {
				c := cycle(sms, fmt.Sprint(i, " ", j), "rest")
				if err := k.Commit(k.Context(), &mapping.Batch{Cycles: []*mapping.Cycle{c}}); err != nil {
					k.Error(err)
				}
				k.Behind(&mapping.Batch{Settle: []mapping.Key{c.Key(1)}})
			}
		})
	}
	wg.Wait()
	next := make([]int, callers)
	for _, s := range k.replayed(sms) {
		var i, j int
		if _, err := fmt.Sscan(s, &i, &j); err != nil || next[i] != j {
			k.Fatalf("%q, want %d of that caller", s, next[i])
		}
		next[i]++
	}
	for i, n := range next {
		if n != rounds {
			k.Fatalf("caller %d: %d records", i, n)
		}
	}
}
