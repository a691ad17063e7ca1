package main_test

import (
	"fmt"
	"time"
)

// await blocks until nothing is left. However long that takes, it fails only
// when nothing changes for so long as one step may take.
func (k *traffic) await(left func(yield func(string) bool)) {
	k.t.Helper()
	beat := time.NewTicker(100 * time.Millisecond)
	defer beat.Stop()
	before, since := "", time.Now()
	for time.Since(since) < patience {
		if !some(left) {
			return
		}
		if now := k.progress(); now != before {
			before, since = now, time.Now()
		}
		<-beat.C
	}
	n := 0
	for what := range left {
		if n++; n <= 20 {
			k.t.Error(what)
		}
	}
	k.t.Errorf("%d such things are left, and nothing changes: %s\n%+v", n, before, k.centre.Stats())
}

// some tells whether there is any.
func some(all func(yield func(string) bool)) bool {
	for range all {
		return true
	}
	return false
}

// progress is what changes as long as anything moves.
func (k *traffic) progress() string {
	s, c := k.gateway.status(), k.centre.Stats()
	text := fmt.Sprintf("%d unsettled, %d parked, %d on the link, %d texts and %d reports at the centre",
		s.Unsettled, s.Parked, k.gateway.metric("causeway_link_unsettled", ""), c.Submits, c.Receipts)
	for _, s := range k.senders {
		text += fmt.Sprintf(", %s has %d of %d texts", s.name, s.cameCount(), s.moved)
	}
	return text
}

// unsettled says what the gateway still has in hand.
func (k *traffic) unsettled(yield func(string) bool) {
	if k.gateway.status().Unsettled != 0 || k.gateway.metric("causeway_link_unsettled", "") != 0 {
		yield(k.progress())
	}
}

// missing names what must still come.
func (k *traffic) missing(yield func(string) bool) {
	for _, s := range k.senders {
		if n := s.cameCount(); n < s.moved && !yield(fmt.Sprintf("%s has %d of %d texts", s.name, n, s.moved)) {
			return
		}
		for _, id := range s.ids() {
			if !s.answered(id) && (k.journal.has(id) || k.arrived(s, id)) && !yield("no answer to "+id) {
				return
			}
		}
	}
	for _, o := range k.orders {
		for _, id := range o.ids() {
			if o.answers(id) == 0 && k.journal.has(id) && !yield("no answer to "+id) {
				return
			}
		}
	}
}
