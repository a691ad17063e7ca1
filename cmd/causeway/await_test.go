package main_test

import (
	"fmt"
	"iter"
	"time"

	"causeway/cmd/lab/peer"
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
		if s.cameCount() < s.moved {
			for place := range k.uncome(s) {
				if !yield(s.name + " lacks a text: " + place) {
					return
				}
			}
		}
		for _, id := range s.ids() {
			if !s.answered(id) && k.owed(s, id) && !yield("no answer to "+id) {
				return
			}
		}
	}
	for _, o := range k.orders {
		for _, id := range o.ids() {
			if o.answers(id) == 0 && (k.setup.whole || k.journal.has(id)) && !yield("no answer to "+id) {
				return
			}
		}
	}
}

// owed tells whether the gateway has a text, and so owes its sender an answer
// that the XMPP server has not had yet.
func (k *traffic) owed(s *sender, id string) bool {
	taken := k.setup.whole || k.journal.has(id) || k.arrived(s, id) || k.wire.took(id)
	return taken && !k.wire.told(id)
}

// uncome names the texts that a user lacks and that the XMPP server has not had
// either.
func (k *traffic) uncome(s *sender) iter.Seq[string] {
	return func(yield func(string) bool) {
		for n := range s.moved {
			contact, number := s.config.Contacts[n%conversations], uint64(n/conversations)
			if s.has(contact, number) || k.wire.handed(s.name+"@"+peer.Domain, contact, number) {
				continue
			}
			if !yield(fmt.Sprint(contact, " ", number)) {
				return
			}
		}
	}
}
