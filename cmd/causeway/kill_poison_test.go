package main_test

import (
	"slices"
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// What kills the worker of a faulty build: a body when its step handles it
// (CAUSEWAY_POISON), and a piece of a stanza when the link parses it
// (CAUSEWAY_POISON_STANZA).
const (
	poison       = "this kills the worker"
	poisonStanza = "this kills the reader"
)

// TestPoison: what kills each worker that handles it costs the gateway three
// takeovers, and its sender, or whom it is for, is told. The load beside it does
// not notice.
func TestPoison(t *testing.T) {
	for server := range lab.Servers {
		for what, poisoned := range map[string]func(k *traffic, w watcher){
			"text of a user": (*traffic).poisonedText, "text of a phone": (*traffic).poisonedEvent,
			"stanza": (*traffic).poisonedStanza,
		} {
			t.Run(server+" "+what, func(t *testing.T) {
				t.Parallel()
				u := setup{
					server: server, stuck: outOfReach, orders: true, whole: true, rate: killRate,
					program: faulty(t), env: []string{"CAUSEWAY_POISON=" + poison, "CAUSEWAY_POISON_STANZA=" + poisonStanza},
				}
				if strings.HasSuffix(what, "phone") {
					u.real = centreBeside[server]
				}
				k := newTraffic(t, u)
				w := k.watch()
				k.beginStuck()
				k.await(k.flow())
				poisoned(k, w)
				lab.Await(k.t, "ready", func() bool { return k.gateway.ready() == nil })
				if n := k.gateway.count("causeway starts"); n != 4 {
					k.t.Errorf("%d workers have started", n)
				}
				k.await(k.flow())
				k.unnoticed(w)
				k.finish()
				k.verdict(allowed{})
			})
		}
	}
}

// centreBeside is the SMS centre that nobody here wrote beside each server.
var centreBeside = map[string]peer.Interpreter{"prosody": peer.Node, "ejabberd": peer.Perl}

// poisonedText sends the poison among other texts, and waits for what comes of
// it.
func (k *traffic) poisonedText(w watcher) {
	k.amongOthers(w, poison)
	k.putAway(poison, "eve@localhost", contact)
}

// poisonedStanza is the same for one that is never journalled.
func (k *traffic) poisonedStanza(w watcher) {
	k.amongOthers(w, poisonStanza)
	k.counted("causeway_link_skipped_total", "poison")
	if n := k.gateway.count("a stanza was skipped"); n != 1 {
		k.t.Errorf("the log has %d lines about it", n)
	}
}

func (k *traffic) amongOthers(w watcher, text string) {
	k.t.Helper()
	w.Send(contact, "before", "#0 before it")
	w.Send(contact, "poison", text)
	w.Send(contact, "after", "#1 after it")
	w.stayed(w.gather(map[string]func(peer.Event) bool{
		"the receipt before": receipt("before"), "the receipt after": receipt("after"),
		"the error": func(e peer.Event) bool { return failure("poison")(e) && of(e, contact) && e.Text != "" },
	}))
}

// poisonedEvent has it come from a phone, between other texts.
func (k *traffic) poisonedEvent(w watcher) {
	k.t.Helper()
	for n, text := range []string{"before it", poison, "after it"} {
		k.real.out <- map[string]any{
			"do": "text", "tag": 1<<40 + n, "from": phone, "to": w.number, "text": text, "coding": 0, "udh": "",
		}
	}
	events := w.gather(map[string]func(peer.Event) bool{
		"the text before": message(contact, "before it"), "the text after": message(contact, "after it"),
		"the notice": func(e peer.Event) bool { return notice(e) && of(e, contact) },
	})
	w.stayed(events)
	texts := slices.DeleteFunc(slices.Clone(events), func(e peer.Event) bool { return e.Event != "message" || e.Body == "" })
	if len(texts) != 3 {
		k.t.Errorf("the user sees %+v", texts)
	}
	k.putAway(poison, contact, "eve@localhost")
}

// notice is what stands in the place of a text that is put away.
func notice(e peer.Event) bool {
	return e.Event == "message" && e.Type != "error" && strings.Contains(e.Body, "fails to show")
}

// putAway checks what an administrator is told of it.
func (k *traffic) putAway(text, from, to string) {
	k.t.Helper()
	k.counted("causeway_gateway_quarantined_total", "deaths")
	_, out := k.gateway.command("status")
	for _, want := range []string{"1 in quarantine", from, to} {
		if !strings.Contains(out, want) {
			k.t.Errorf("%q is not in the status: %s", want, out)
		}
	}
	if _, out := k.gateway.command("store", "quarantine", "--show"); !strings.Contains(out, text) {
		k.t.Errorf("in quarantine is: %s", out)
	}
}

// counted wants one of what is put away or skipped.
func (k *traffic) counted(metric, reason string) {
	k.t.Helper()
	if n := k.gateway.metric(metric, `"`+reason+`"`); n != 1 {
		k.t.Errorf("%s counts %d", metric, n)
	}
}
