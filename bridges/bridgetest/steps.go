package bridgetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// of returns the texts of one play.
func of(play string, texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return !strings.HasPrefix(s, play+" ") })
}

// lines are the texts of a play in one direction: short ones, and one that some
// networks cut.
func lines(play, way string) []string {
	return []string{
		play + " " + way + " one", play + " " + way + " two",
		play + " " + way + " " + "three, " + strings.Repeat("which is long ", 20) + "indeed", play + " " + way + " four",
	}
}

// play has both sides talk, and checks what came. Who begins is told. The last word
// of each comes after all that may have gone wrong.
func (w *world) play(name string, out bool) {
	w.t.Helper()
	said, texts := lines(name, "in"), lines(name, "out")
	say := func(all ...string) {
		for _, x := range all {
			w.Network.Say(w.t, w.Account.Self, x)
		}
	}
	if !out {
		say(said...)
	}
	var fates []fate
	for _, x := range texts {
		fates = append(fates, w.sendMessage(w.Account, w.carrying(w.messageOf(w.Account, x), texts)))
	}
	w.change(name, texts, fates)
	if out {
		say(said...)
	}
	w.told(name, w.Account, said)
	say(name + " in last")
	w.told(name, w.Account, append(said, name+" in last"))
	texts, fates = append(texts, name+" out last"), append(fates, w.send(w.Account, name+" out last"))
	w.read(name, w.Account, texts, fates)
}

// acts is a play in which the account asks for next to nothing.
const acts = "the person acts"

// plays are those in which faults happen.
var plays = map[string]func(w *world, name string){
	"the account begins": func(w *world, name string) { w.play(name+".out", true) },
	"the person begins":  func(w *world, name string) { w.play(name+".in", false) },
	acts:                 func(w *world, name string) { w.act(name+".act", w.Account) },
	"the person asks":    func(w *world, name string) { w.ask(name+".ask", w.Account) },
}

// most bounds the steps of a play.
const most = 1000

// checkEachStep has a fault happen at the first step of a play, at the second, and
// so on, until there are no more steps: nothing is lost, doubled, or out of order.
// With each above one it leaves out the others, and does nothing at the same time.
func checkEachStep(t *testing.T, of func(t *testing.T) Adapter, each int) {
	for x, what := range faults {
		for how, play := range plays {
			if x == busy && how == acts {
				continue
			}
			t.Run(what+", "+how, func(t *testing.T) {
				if each == 1 {
					t.Parallel()
				}
				for n := 1; n < most; n += each {
					if !oneStep(t, of, x, n, play) || t.Failed() {
						return
					}
				}
				t.Errorf("a play has more than %d steps", most)
			})
		}
	}
}

// oneStep is a play with a fault at the n-th step, and tells whether there is one.
func oneStep(t *testing.T, of func(t *testing.T) Adapter, x fault, n int, play func(w *world, name string)) (burnt bool) {
	t.Run(fmt.Sprintf("step %d", n), func(t *testing.T) {
		w := newWorld(t, of(t))
		w.fuse.light(x, n)
		play(w, fmt.Sprintf("%d.%d", x, n))
		burnt = w.fuse.out()
	})
	return burnt
}
