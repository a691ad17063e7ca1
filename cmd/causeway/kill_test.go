package main_test

import (
	"testing"
	"time"
)

const alive = 200 * time.Millisecond // from ready to the kill

func TestKillBesideProsody(t *testing.T)  { t.Parallel(); killed(t, "prosody", 30) }
func TestKillBesideEjabberd(t *testing.T) { t.Parallel(); killed(t, "ejabberd", 3) }

// killed kills the program by SIGKILL again and again under load both ways,
// and then accounts for every text, IQ and subscription.
func killed(t *testing.T, server string, kills int) {
	k := newTraffic(t, setup{server: server, stuck: queueFull, orders: true})
	k.begin()
	for n := range kills {
		<-time.After(alive)
		k.gateway.Kill()
		k.journal.read(t, k.gateway, n)
		if n == kills-1 {
			k.centre.SetStuck(stuckPhone, 0)
		}
		k.gateway.start()
	}
	k.finish()
	if k.journal.records == 0 {
		t.Error("no kill has met anything in the journal: the load is too light")
	}
	k.verdict(allowed{lost: true, refused: true, doubt: true, again: true})
}
