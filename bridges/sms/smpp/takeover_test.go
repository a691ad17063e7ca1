package smpp

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

var points = []point{
	pointPeeked, pointNoted, pointConsumed, pointHandled, pointDelivered, pointAnswered,
	pointWriting, pointHalfWritten, pointWritten, pointSlot, pointQueued, pointResponse, pointReturned,
}

// atRandom runs a test in a world of its own for each of some seeds.
func atRandom(t *testing.T, seeds uint64, test func(w *world, rnd *rand.Rand)) {
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			test(newWorld(t), rand.New(rand.NewPCG(seed, seeds)))
		})
	}
}

// somewhere dies at one of the first n passages of any point.
func somewhere(rnd *rand.Rand, n int) func(point) bool {
	return at(points[rnd.IntN(len(points))], 1+rnd.IntN(n))
}

// A death between any two steps is noticed by nobody: nothing is lost,
// doubled, reordered or refused at either end, and there is one bind.
func TestDeathAtEachPoint(t *testing.T) {
	const people, each, sent = 4, 4, 6
	for _, p := range points {
		for _, n := range []int{1, 2, 4} {
			t.Run(fmt.Sprint(p, " ", n), func(t *testing.T) {
				w := newWorld(t)
				l := w.live(at(p, n))
				w.await("the bind", func() bool { return w.binds == 1 && w.counts[Binds] == 1 })
				l.talk(people, each)
				for i := range sent {
					w.send(1)
					w.await("an answer or a death", func() bool { return len(w.replies) == i+1 || l.dead.Load() })
				}
				w.await("the death", func() bool { return l.dead.Load() })
				l.over()
				w.finish(people, each, sent)
			})
		}
	}
}

// The same again and again, at points that chance chooses, with traffic both
// ways all the time.
func TestManyDeaths(t *testing.T) {
	const people, each, lives = 8, 40, 60
	atRandom(t, 3, func(w *world, rnd *rand.Rand) {
		sent := 0
		for range lives {
			l := w.live(somewhere(rnd, 6))
			w.await("a bind", func() bool { return w.binds == 1 && w.counts[Binds] == 1 }) // what comes before the answer is dropped
			l.talk(people, each)
			n := 1 + rnd.IntN(5)
			w.send(n)
			sent += n
			w.await("a death or the end", func() bool {
				return l.dead.Load() || len(w.fates) == people*each && len(w.replies) == sent
			})
			l.die()
			l.over()
		}
		w.finish(people, each, sent)
	})
}

// The centre breaks, too. Then what is under way may be of unknown outcome,
// and only that; nothing is sent twice or told wrongly.
func TestDeathsAndBreaks(t *testing.T) {
	const people, each, lives = 6, 30, 25
	atRandom(t, 2, func(w *world, rnd *rand.Rand) {
		for range lives {
			l := w.live(somewhere(rnd, 8))
			l.talk(people, each)
			before := w.came()
			w.await("a death, an end, or some texts", func() bool {
				return l.dead.Load() || len(w.fates) == people*each || len(w.order) >= before+5
			})
			if rnd.IntN(6) == 0 {
				w.cut(rnd.IntN(2) == 0)
			}
			l.die()
			l.over()
		}
		l := w.live(nil)
		l.talk(people, each)
		w.await("the end", func() bool { return len(w.fates) == people*each })
		l.cancel(nil)
		l.over()
		u := unruly{taken: w.taken}
		u.check(w.T, slices.Collect(maps.Values(w.fates)))
		if known := people*each - w.unknown(); known < people*each/2 || w.binds < 2 {
			w.Errorf("this proves little: %d known, %d binds", known, w.binds)
		}
	})
}
