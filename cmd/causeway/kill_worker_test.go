package main_test

import (
	"testing"
	"time"

	"causeway/cmd/lab"
)

func TestKillWorkerBesideProsody(t *testing.T)  { t.Parallel(); workerKilled(t, "prosody") }
func TestKillWorkerBesideEjabberd(t *testing.T) { t.Parallel(); workerKilled(t, "ejabberd") }

// workerKilled kills the worker 200 ms after it is ready and as texts are under way,
// again and again under load both ways. Nobody notices: nothing is lost, doubled, out of order or
// refused, and all connections stay (xeps.md 7: 11; 0198.1-2 by other means,
// as components have no stream management).
func workerKilled(t *testing.T, server string) {
	k := newTraffic(t, setup{server: server, stuck: outOfReach, orders: true, whole: true, rate: killRate, link: true, bind: true, cut: 200})
	w := k.watch()
	k.beginStuck()
	for end := time.Now().Add(killTime(t, 30*time.Second)); time.Now().Before(end); {
		<-time.After(alive)
		lab.Await(t, "texts under way", func() bool { return k.underway() > 0 })
		k.gateway.killWorker()
	}
	k.unnoticed(w)
	k.finish()
	k.verdict(allowed{})
}
