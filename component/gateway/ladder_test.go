package gateway

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/component/xep/privilege"
	"causeway/mapping"
)

// withList is the info of a network that lists contacts.
func withList() bridges.Info {
	info := bridgetest.SMS()
	info.Can |= bridges.CanContacts
	return info
}

// listOf is a list of people on the network.
func listOf(n int) (all []bridges.Person) {
	for i := range n {
		all = append(all, bridges.Person{
			ID: bridges.UserID(fmt.Sprintf("+120255502%02d", i)), Name: fmt.Sprint("Person ", i), Groups: []string{"Friends"},
		})
	}
	return all
}

// listing is a rig of a network with a list, whose server lets us change rosters.
func listing(t *testing.T, list ...bridges.Person) *rig {
	s := newMemStore()
	registered(s, alice, number)
	r := start(t, s, withList())
	r.greeting()
	r.bridge.SetContacts(alice, list...)
	r.Send(grants("example.org", privilege.NS, permRoster))
	r.barrier(alice)
	return r
}

// comes has alice log in.
func (r *rig) comes() {
	r.t.Helper()
	r.Send(available(alice+"/x", domain))
	r.Receive(ownShows)
}

func shows(number string) string { return strings.ReplaceAll(contactShows, phone, number) }

// TestList: all contacts of the network's list are in the roster after the
// log-in, with names and groups and without a question; what the user then does
// with them stays so.
func TestList(t *testing.T) {
	const one, two = "+12025550200", "+12025550201"
	r := listing(t, listOf(2)...)
	r.comes()
	r.answerIQ(readsRoster, query())
	r.answerIQ(sets(one, "Person 0", "Friends"), "") // 0356.6: one a request
	r.answerIQ(sets(two, "Person 1", "Friends"), "")
	r.answerIQ(readsRoster, query(item(one, "Person 0", "both", "Friends"), item(two, "Person 1", "both", "Friends")))
	r.ReceiveAll(shows(one), shows(two))
	r.barrier(alice)

	t.Run("0100.32 0356.7 taken out by the user", func(t *testing.T) {
		r.Send(presence("unsubscribe", alice, one+"@"+domain) + presence("unsubscribed", alice, one+"@"+domain))
		r.Receive(presence("unsubscribed", one+"@"+domain, alice))
		r.Receive(presence("unavailable", one+"@"+domain+"/gateway", alice))
		r.again(two)
		r.answerIQ(readsRoster, query(item(two, "Person 1", "both", "Friends")))
		r.rostersKept()
		if s, _ := r.subscription(one); s != mapping.RemovedByUser {
			t.Errorf("subscription %b", s)
		}
	})
	t.Run("0172.3 another name on the network", func(t *testing.T) {
		r.renames("Robert")
		r.again(two)
		r.answerIQ(readsRoster, query(item(two, "Person 1", "both", "Mates")))
		r.answerIQ(changes(item(two, "Robert", "both", "Mates")), "") // in the group where the user has it
		r.answerIQ(readsRoster, query(item(two, "Robert", "both", "Mates")))
		r.rostersKept()
	})
	t.Run("0356.7 renamed by the user", func(t *testing.T) {
		r.renames("Roberta")
		r.again(two)
		r.answerIQ(readsRoster, query(item(two, "My Bob", "both", "Mates")))
		r.rostersKept()
	})
	t.Run("0356.7 taken out while we were away, and added again", func(t *testing.T) {
		r.renames("Rob")
		r.again(two)
		r.answerIQ(readsRoster, query())
		r.rostersKept()
		if s, _ := r.subscription(two); s != mapping.RemovedByUser {
			t.Errorf("subscription %b", s)
		}
		r.adds(two)
		r.answerIQ(readsRoster, query())
		r.answerIQ(sets(two, "Rob", "Friends"), "")
		r.answerIQ(readsRoster, query(item(two, "Rob", "both", "Friends")))
		r.Receive(shows(two))
	})
}

// again has alice log out and in; she sees one contact.
func (r *rig) again(sees string) {
	r.t.Helper()
	r.g.people.lost()
	r.comes()
	r.Receive(shows(sees))
}

// rostersKept returns when all rosters are looked at that were to be.
func (r *rig) rostersKept() {
	r.t.Helper()
	r.g.placeLater(bob) // who is not registered
	r.answerIQ(strings.ReplaceAll(readsRoster, alice, bob), query())
	r.barrier(alice)
}

// renames gives the second person another name.
func (r *rig) renames(name string) {
	list := listOf(2)
	list[1].Name = name
	r.bridge.SetContacts(alice, list...)
}

// TestPaced: where rosters are not granted the contacts of a list ask, at a
// pace, at most so many at a log-in, and never twice (xeps.md 0100.37, .45).
func TestPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		r := startTimeless(t, s, withList())
		defer r.end()
		r.bridge.SetContacts(alice, listOf(25)...)
		asked := map[string]bool{}
		for _, want := range []int{askLimit, 25 - askLimit, 0} {
			r.g.people.lost()
			r.receive(t, available(alice+"/x", domain))
			n := 0
			for range askLimit + 5 {
				for _, xml := range r.drain() {
					if !strings.Contains(xml, "type='subscribe'") {
						continue
					}
					o := mustParse(t, xml)
					if n++; asked[o.From] {
						t.Errorf("%s asks twice", o.From)
					}
					asked[o.From] = true
					r.receive(t, presence("unsubscribed", alice, o.From)) // refused
				}
				if n > 0 && n < want && len(r.drain()) > 0 {
					t.Error("two at once")
				}
				time.Sleep(askGap)
			}
			if n != want {
				t.Errorf("%d asked, want %d", n, want)
			}
		}
	})
}
