package main_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestKillWhilePlacing has the worker kill itself while it puts contacts into a
// roster, or has them ask: all of 20 are there in the end, and each asks as often
// as it would have.
func TestKillWhilePlacing(t *testing.T) {
	for name, c := range map[string]struct {
		options peer.Options
		deaths  []string // the places, and at which passage
		asks    int
	}{
		"0356.7 with privilege": {peer.Options{}, []string{
			"gateway: rostered: 2", "gateway: committed: 3", "gateway: roster: 5", "gateway: rostered: 4", "gateway: commit: 1",
			"gateway: roster: 2", "link: written: 3", "gateway: rostered: 9", "gateway: settled: 1",
		}, 0},
		"0100.37 without privilege": {peer.Options{Unprivileged: true}, []string{
			"gateway: committed: 3", "link: written: 4", "gateway: begin: 4", "gateway: commit: 3", "link: settled: 2", "link: noted write: 3",
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlan(t)
			r := &rig{t: t, server: lab.Prosody(t, c.options), centre: lab.StartCentre(t, peer.Node, peer.Secret)}
			r.gateway = newGateway(t, settings{
				Server: r.server.Component, Centre: r.centre.Address, Program: faulty(t), Env: []string{"CAUSEWAY_FAULTS=" + p.file},
			})
			r.gateway.start()
			u := r.registered(t, "alice")
			if err := os.WriteFile(p.file, []byte(strings.Join(c.deaths, "\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			r.gateway.killWorker()
			seen := u.addsThroughDeaths(p)
			lab.Await(t, "0356.6: all in the roster", func() bool {
				seen = append(seen, u.ask("get", setsRoster(""))...)
				return strings.Count(seen[len(seen)-1].XML, `subscription="both"`) == added+1 // and the gateway
			})
			seen = append(seen, u.settled()...)
			asked := map[string]int{}
			for _, e := range seen {
				asked[e.From] += popUps([]peer.Event{e})
			}
			for n := range added {
				if jid := addedJID(n); asked[jid] != c.asks {
					t.Errorf("%s asks %d times, want %d", jid, asked[jid], c.asks)
				}
			}
			if q := r.gateway.wholeStatus().Quarantined; len(q) != 0 {
				t.Errorf("%v are put away", q)
			}
		})
	}
}

// added is how many contacts are added.
const added = 20

func addedJID(n int) string { return fmt.Sprintf("+12025551%03d@%s", n, domain) }

// addsThroughDeaths orders contacts, again and again until all deaths of the plan
// are over, and returns what came.
func (u *user) addsThroughDeaths(p plan) (seen []peer.Event) {
	for n := 0; n < added || p.left() != ""; n++ {
		u.Send(domain, fmt.Sprint("add-", n), "add "+addedJID(n%added))
		seen = append(seen, u.until("the answer", message(domain, "Write to "+addedJID(n%added)+" now."))...)
	}
	return seen
}

// settled returns what comes until the gateway has done all that it was told.
func (u *user) settled() []peer.Event {
	u.Send(domain, rand.Text(), "status")
	return u.until("the status", func(e peer.Event) bool { return of(e, domain) && strings.HasPrefix(e.Body, "Connected as") })
}
