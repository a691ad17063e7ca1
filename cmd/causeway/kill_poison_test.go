package main_test

import (
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// poison is the body that kills the worker of a faulty build when its step
// handles it (CAUSEWAY_POISON).
const poison = "this kills the worker"

// TestPoison: a text that kills each worker that handles it costs its sender an
// error and the gateway three takeovers, and nothing else. The load beside it
// does not notice.
func TestPoison(t *testing.T) {
	for server := range lab.Servers {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			k := newTraffic(t, setup{
				server: server, stuck: outOfReach, orders: true, whole: true, rate: killRate,
				program: faulty(t), env: []string{"CAUSEWAY_POISON=" + poison},
			})
			w := k.watch()
			k.beginStuck()
			k.await(k.flow())
			k.poisoned(w)
			k.await(k.flow())
			k.unnoticed(w)
			k.finish()
			k.verdict(allowed{})
		})
	}
}

// poisoned sends the poison among other texts, and waits for what comes of it.
func (k *traffic) poisoned(w watcher) {
	k.t.Helper()
	w.Send(contact, "before", "#0 before it")
	w.Send(contact, "poison", poison)
	w.Send(contact, "after", "#1 after it")
	w.stayed(w.gather(map[string]func(peer.Event) bool{
		"the receipt before": receipt("before"), "the receipt after": receipt("after"),
		"the error": func(e peer.Event) bool { return failure("poison")(e) && of(e, contact) && e.Text != "" },
	}))
	lab.Await(k.t, "ready", func() bool { return k.gateway.ready() == nil })
	if n := k.gateway.count("causeway starts"); n != 4 {
		k.t.Errorf("%d workers have started", n)
	}
	if _, out := k.gateway.command("status"); !strings.Contains(out, "1 in quarantine") {
		k.t.Errorf("the status is: %s", out)
	}
	if _, out := k.gateway.command("store", "quarantine", "--show"); !strings.Contains(out, poison) {
		k.t.Errorf("in quarantine is: %s", out)
	}
}
