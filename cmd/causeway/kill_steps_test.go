package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab"
)

// steps are the places between two steps at which the program is killed
// (takeover.Step).
var steps = []string{
	"link: peeked", "link: framed", "gateway: replay", "gateway: load", "link: tried", "link: committed", "link: noted", "link: consumed", "link: dispatched",
	"link: ring written", "link: noted write", "link: written", "link: answered", "link: settled", "link: done",
	"smpp: peeked", "smpp: noted", "smpp: consumed", "smpp: handled", "smpp: delivered", "smpp: answered",
	"smpp: slot", "smpp: queued", "smpp: writing", "smpp: halfwritten", "smpp: written", "smpp: response", "smpp: returned",
	"gateway: begin", "gateway: attempt", "gateway: send", "gateway: sent", "gateway: commit", "gateway: committed",
	"gateway: settled", "gateway: deliver", "gateway: delivered",
}

// whileStuck is passed only while a phone is out of reach: then there are parked
// texts to be read.
const whileStuck = "gateway: load"

// rare are those that a worker passes few times.
var rare = map[string]bool{whileStuck: true, "gateway: replay": true}

func TestKillBetweenStepsBesideProsody(t *testing.T) {
	t.Parallel()
	killedBetweenSteps(t, "prosody", 3)
}

func TestKillBetweenStepsBesideEjabberd(t *testing.T) {
	t.Parallel()
	killedBetweenSteps(t, "ejabberd", 1)
}

// killedBetweenSteps has the worker kill itself between every two steps of the
// read cycle, the write path, the SMPP window, the gateway and the settlement,
// each time followed by a takeover, so many times at each place. Nobody notices.
func killedBetweenSteps(t *testing.T, server string, times int) {
	plan := newPlan(t)
	k := newTraffic(t, setup{
		server: server, stuck: outOfReach, orders: true, whole: true, rate: killRate, link: true, bind: true, cut: 200,
		program: faulty(t), env: []string{"CAUSEWAY_FAULTS=" + plan.file},
	})
	w := k.watch()
	k.begin()
	lab.Await(t, "parked texts", func() bool { return k.gateway.status().Parked > 0 })
	deaths := plan.write(times)
	k.gateway.killWorker()
	plan.await(func(left string) bool { return !strings.Contains(left, whileStuck) })
	k.centre.SetStuck(stuckPhone, 0)
	plan.await(func(left string) bool { return left == "" })
	k.gateway.killWorker()
	k.unnoticed(w)
	k.finish()
	k.verdict(allowed{})
	t.Logf("%d deaths at %d places", deaths, len(steps))
}

// plan is the file of places to die at.
type plan struct {
	t    *testing.T
	file string
}

func newPlan(t *testing.T) plan {
	p := plan{t, filepath.Join(t.TempDir(), "plan")}
	if err := os.WriteFile(p.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// write plans each place up to three times: at some passage, at the first of a
// worker, and after a while; fewer are any of these. In between workers are calm for
// a moment: a text that three deaths in a row have met while it was handled would be
// put away.
func (p plan) write(times int) (deaths int) {
	p.t.Helper()
	var b strings.Builder
	for _, step := range steps {
		passages := []string{fmt.Sprint(2+rand.IntN(3), ": calm"), "1", fmt.Sprint(5+rand.IntN(10), ": calm")}
		if rare[step] {
			passages = passages[1:2]
		}
		for len(passages) > times {
			n := rand.IntN(len(passages))
			passages = slices.Delete(passages, n, n+1)
		}
		for _, n := range passages {
			fmt.Fprintf(&b, "%s: %s\n", step, n)
			deaths++
		}
	}
	if err := os.WriteFile(p.file, []byte(b.String()), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return deaths
}

// await blocks until done says so of the places that are left. It waits for each
// as long as a step may take.
func (p plan) await(done func(left string) bool) {
	p.t.Helper()
	for left := p.left(); !done(left); {
		before := left
		lab.Await(p.t, "a death at "+strings.SplitN(left, "\n", 2)[0], func() bool {
			left = p.left()
			return left != before
		})
	}
}

// left is what the program has yet to die at.
func (p plan) left() string {
	text, err := os.ReadFile(p.file)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}
