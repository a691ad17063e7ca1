package main_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"causeway/cmd/lab"
	"causeway/cmd/lab/proxy"
	"causeway/cmd/loadgen/centre"
)

const (
	throttled = 0x58 // ESME_RTHROTTLED
	// unanswered is longer than a submit waits for its answer (20 s).
	unanswered = 30 * time.Second
)

// TestFaultsOfTheCentre: the SMS centre, and the way to it. The centre is ours,
// since it keeps account. Nothing may come to the centre twice, and to a user only
// what was answered to a centre that did not read it: a submit whose answer is lost with its bind is reported as in doubt.
func TestFaultsOfTheCentre(t *testing.T) {
	t.Parallel()
	s := setup{server: "prosody", bind: true, whole: true, orders: true}
	doubt := allowed{doubt: true}
	suffer(t, map[string]fault{
		"delay of 200 ms":          {delayed(bind), allowed{}, s},
		"way down lost 12 s":       {lost(bind, proxy.Down, 12*time.Second), allowed{}, s},
		"way up lost 12 s":         {lost(bind, proxy.Up, 12*time.Second), allowed{}, s},
		"way down lost for long":   {lost(bind, proxy.Down, unanswered), doubt, s},
		"way up lost for long":     {lost(bind, proxy.Up, unanswered), allowed{doubt: true, late: true}, s},
		"throttling":               {centreBusy, allowed{}, s},
		"no submit answered":       {centreSilent, allowed{doubt: true, twice: true}, s}, // nor does it read what we answer
		"half a PDU":               {halfPDU, doubt, s},
		"garbage":                  {garbage, doubt, s},
		"closed before the answer": {unheard, doubt, s},
		"reset again and again":    {bindReset, allowed{doubt: true, twice: true}, s}, // what the proxy has acknowledged dies with it
	})
}

// TestFaultsOfRealCentres: centres that nobody here wrote are killed, stopped
// and reset. What their TCP has acknowledged and they have not read is lost with
// the connection: then a text comes a second time that was answered
// (docs/architecture.md).
func TestFaultsOfRealCentres(t *testing.T) {
	t.Parallel()
	faults := map[string]fault{}
	for name, real := range lab.Centres {
		s := setup{server: "prosody", bind: true, whole: true, orders: true, real: real}
		for what, f := range map[string]fault{
			"killed and restarted":     {centreKilled, allowed{doubt: true, twice: true}, s},
			"stopped 10 s":             {centreStopped(10 * time.Second), allowed{}, s},
			"stopped for long":         {centreStopped(unanswered), allowed{doubt: true, late: true, twice: true}, s},
			"throttling":               {realCentreBusy, allowed{}, s},
			"closed before the answer": {unheard, allowed{doubt: true, twice: true}, s},
		} {
			faults[name+" "+what] = f
		}
	}
	suffer(t, faults)
}

func centreKilled(k *traffic) {
	for range 3 {
		k.anew(bound, k.real.kill)
	}
}

func centreStopped(d time.Duration) func(k *traffic) {
	return func(k *traffic) {
		paused(k.t, k.real.Process, d)
		k.up()
	}
}

func realCentreBusy(k *traffic) {
	for _, status := range []int{throttled, queueFull} {
		k.real.Refuse(status)
		<-time.After(meanwhile)
	}
	k.real.Refuse(0)
}

// centreBusy: nothing is taken for a while, first because the rate is too high,
// then because the queue of the centre is full.
func centreBusy(k *traffic) {
	for _, status := range []uint32{throttled, queueFull} {
		k.centre.Refuse(status)
		<-time.After(meanwhile)
	}
	if k.gateway.metric("causeway_sms_smpp_events_total", "throttled") == 0 {
		k.t.Error("nothing was throttled")
	}
	k.centre.Refuse(0)
}

// centreSilent: submits get no answer, all else does.
func centreSilent(k *traffic) {
	k.anew(bound, func() {
		k.centre.Refuse(centre.Silent)
		k.gateway.awaitDown("does not answer submits")
		k.centre.Refuse(0)
	})
}

// halfPDU: the centre falls silent in the midst of a PDU.
func halfPDU(k *traffic) {
	k.anew(bound, func() { k.happened(k.bind.Hush(proxy.Down, rand.N(1000))) })
}

// garbage comes between two PDUs: lengths that no PDU has, and bytes by chance.
func garbage(k *traffic) {
	noise := make([]byte, 100)
	for i := range noise {
		noise[i] = byte(rand.N(256))
	}
	for _, bad := range [][]byte{{0, 0, 0, 3}, {0xFF, 0xFF, 0xFF, 0xFF}, noise} {
		k.anew(bound, func() {
			if !k.centre.Say(bad) {
				k.t.Fatal("nobody is bound")
			}
		})
	}
}

// unheard: the answers to all submits that are under way are lost.
func unheard(k *traffic) {
	for range 3 {
		k.anew(bound, func() { k.happened(k.bind.Cut(proxy.Down, 0)) })
	}
}

// bindReset resets the connection at random bytes, and at random times.
func bindReset(k *traffic) {
	for n := range 4 {
		if n%2 == 0 {
			k.anew(bound, func() { k.happened(k.bind.Cut(proxy.Down, rand.N(3000))) })
		} else {
			<-time.After(rand.N(meanwhile))
			k.anew(bound, k.bind.Reset)
		}
	}
}
