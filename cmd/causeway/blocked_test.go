package main_test

import (
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

// TestBlocked has a user block a contact, then the whole gateway, on her server
// (xeps.md 7: 60): neither is hammered at, the network is not told, and others
// notice nothing.
func TestBlocked(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		r := newRig(t, server, peer.Node, "alice", "bob")
		alice, bob := r.settled(t, "alice"), r.settled(t, "bob")
		alice.befriend(contact)
		for _, jid := range []string{contact, domain} {
			t.Run("0191.1 0191.2 "+jid, func(t *testing.T) {
				alice.blocks(t, "block", jid)
				r.blocked(t, alice, bob, "unwanted "+jid)
				alice.blocks(t, "unblock", jid)
				for _, priority := range []int{-1, 1} {
					alice.Do(map[string]any{"do": "priority", "value": priority})
				}
				alice.Wait("the kept one, as she comes", message(contact, "unwanted "+jid))
				r.centre.Text(phone, alice.number, "after "+jid)
				alice.Wait("a text after that", message(contact, "after "+jid))
			})
		}
		r.centre.None()
	})
}

// blocks changes the user's list on her server (XEP-0191).
func (u *user) blocks(t *testing.T, order, jid string) {
	t.Helper()
	if e := u.iq("set", "", "<"+order+" xmlns='urn:xmpp:blocking'><item jid='"+jid+"'/></"+order+">"); e.Type != "result" {
		t.Fatalf("%s %s: %+v", order, jid, e)
	}
}

// blocked sends a text each way. The one to alice is kept, and not shown again
// each time that she shows a presence: once, as Prosody lets her presence through
// to whom she has blocked, as if she came, and then after 5 s and 20 s, as one that
// her coming may have missed.
func (r *rig) blocked(t *testing.T, alice, bob *user, unwanted string) {
	t.Helper()
	const bounces = "causeway_gateway_bounces_total"
	most := r.gateway.metric(bounces, "") + 4
	if status := r.centre.Text(phone, alice.number, unwanted); status != 0 {
		t.Errorf("0191.1: the network is answered %#x", status)
	}
	alice.Send(contact, t.Name(), "to the blocked")
	if e := alice.Wait("0191.3: an error of her server", failure(t.Name())); e.Condition != "not-acceptable" {
		t.Errorf("0191.3: %+v", e)
	}
	kept := func() bool { return r.gateway.status().Parked == 1 }
	lab.Await(t, "the text is kept", kept)
	for range 10 {
		alice.Do(map[string]any{"do": "priority", "value": 1})
		r.barrier(bob, phone)
	}
	for metric, want := range map[string]int{
		"causeway_gateway_retries_total": 0, "causeway_gateway_panics_total": 0,
		"causeway_link_disconnects_total": 0, "causeway_link_up": 1, "causeway_gateway_unsettled": 0,
	} {
		if got := r.gateway.metric(metric, ""); got != want {
			t.Errorf("0191.1: %s is %d, not %d", metric, got, want)
		}
	}
	lab.Await(t, "it is still kept", kept)
	if got := r.gateway.metric(bounces, ""); got > most {
		t.Errorf("0191.1: %d bounces, more than %d", got, most)
	}
	if got := r.gateway.status().Accounts; got != 2 {
		t.Errorf("0191.1: %d accounts", got)
	}
}
