package gateway

import (
	"testing"

	"causeway/bridges"
	"causeway/mapping"
)

// lists has the network tell that a person is in its list of alice's contacts.
func (r *rig) lists(p bridges.Person) {
	r.t.Helper()
	r.deliver(bridges.ContactChange{Person: p})
}

// unlists has it tell that the person no longer is.
func (r *rig) unlists(p bridges.Person) {
	r.t.Helper()
	r.deliver(bridges.ContactChange{Person: p, Gone: true})
}

// TestContactChange follows the network's list, with rights to the roster. What
// comes twice changes nothing.
func TestContactChange(t *testing.T) {
	const one, two = "+12025550200", "+12025550201"
	list := listOf(2)
	r := listing(t, list[0])
	r.comes()
	r.answerIQ(readsRoster, query())
	r.answerIQ(sets(one, "Person 0", "Friends"), "")
	r.answerIQ(readsRoster, query(item(one, "Person 0", "both", "Friends")))
	r.Receive(shows(one))
	r.rostersKept()

	t.Run("0356.6 somebody new", func(t *testing.T) {
		r.bridge.SetContacts(alice, list...)
		r.lists(list[1])
		r.answerIQ(readsRoster, query(item(one, "Person 0", "both", "Friends")))
		r.answerIQ(sets(two, "Person 1", "Friends"), "")
		r.answerIQ(readsRoster, query(item(one, "Person 0", "both", "Friends"), item(two, "Person 1", "both", "Friends")))
		r.Receive(shows(two))
		r.rostersKept()
		r.lists(list[1])
		r.listRead()
	})
	t.Run("0172.3 another name", func(t *testing.T) {
		list[1].Name = "Robert"
		r.bridge.SetContacts(alice, list...)
		r.lists(list[1])
		r.answerIQ(readsRoster, query(item(two, "Person 1", "both", "Mates"), item(one, "My One", "both", "Friends")))
		r.answerIQ(changes(item(two, "Robert", "both", "Mates")), "")
		r.answerIQ(readsRoster, query(item(two, "Robert", "both", "Mates"), item(one, "My One", "both", "Friends")))
		r.rostersKept()
	})
	t.Run("0356.7 of one that the user calls otherwise", func(t *testing.T) {
		list[0].Name = "Nobody"
		r.bridge.SetContacts(alice, list...)
		r.lists(list[0])
		r.unlists(list[0])
		r.answerIQ(readsRoster, query(item(two, "Robert", "both", "Mates"), item(one, "My One", "both", "Friends")))
		r.listRead()
		if s, _ := r.subscription(one); s != mapping.NamedByUser|mapping.PlacedByUs|mapping.SeesContact|mapping.SeenByUs {
			t.Errorf("subscription %b", s)
		}
	})
	t.Run("0100.38 0356.8 gone", func(t *testing.T) {
		r.bridge.SetContacts(alice, list[0])
		r.unlists(list[1])
		for _, p := range farewells(two+"@"+domain, two+"@"+domain+"/gateway") {
			r.Receive(p)
		}
		r.answerIQ(readsRoster, query(item(two, "Robert", "none", "Mates"), item(one, "My One", "both", "Friends")))
		r.answerIQ(takesOut(two), "")
		r.answerIQ(readsRoster, query(item(one, "My One", "both", "Friends")))
		r.rostersKept()
		if _, ok := r.subscription(two); ok {
			t.Error("it is not forgotten")
		}
		r.unlists(list[1])
		r.answerIQ(readsRoster, query(item(one, "My One", "both", "Friends")))
		r.listRead()
	})
}

// listRead returns when all changes of the list are handled, and nothing was
// done.
func (r *rig) listRead() {
	r.t.Helper()
	r.deliver(sms("barrier"))
	r.Receive(`<message type='chat' from='*' to='alice@example.org' id='*'><body>barrier</body></message>`)
	r.barrier(alice)
	r.rostersKept()
}

// TestContactChangeOffline: to who is not there nothing is done yet.
func TestContactChangeOffline(t *testing.T) {
	r := listing(t)
	p := listOf(1)[0]
	r.lists(p)
	r.listRead()
	r.bridge.SetContacts(alice, p)
	r.comes()
	r.answerIQ(readsRoster, query())
	r.answerIQ(sets(string(p.ID), p.Name, "Friends"), "")
	r.answerIQ(readsRoster, query(item(string(p.ID), p.Name, "both", "Friends")))
	r.Receive(shows(string(p.ID)))
}

// TestContactChangeRows has what each change makes of a contact.
func TestContactChangeRows(t *testing.T) {
	const standing = mapping.SeesContact | mapping.SeenByUs
	for name, c := range map[string]struct {
		before, unlisted, listed mapping.Subscription
	}{
		"asked, no answer":  {unanswered, mapping.AskedOnce, mapping.AskedOnce},
		"asked and let in":  {mapping.AskedOnce | standing, 0, 0},
		"0100.37 refused":   {mapping.AskedOnce | mapping.RefusedByUser, mapping.AskedOnce | mapping.RefusedByUser, mapping.AskedOnce | mapping.RefusedByUser},
		"0356.7 removed":    {mapping.RemovedByUser, mapping.RemovedByUser, mapping.RemovedByUser},
		"placed":            {mapping.PlacedByUs | standing, mapping.PlacedByUs, 0},
		"added by the user": {standing, standing, standing},
		"placed, named by the user": {
			mapping.PlacedByUs | mapping.NamedByUser | standing, mapping.PlacedByUs | mapping.NamedByUser | standing, mapping.PlacedByUs | mapping.NamedByUser | standing,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			row := mapping.Contact{Bridge: domain, Account: alice, ID: phone, Subscription: c.before}
			if err := r.store.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{row}}); err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct {
				gone bool
				want mapping.Subscription
			}{{true, c.unlisted}, {true, c.unlisted}, {false, c.listed}, {false, c.listed}} {
				r.deliver(bridges.ContactChange{Person: bridges.Person{ID: phone, Name: "Bob"}, Gone: step.gone}, sms("barrier"))
				for r.Next().Local != "message" { // the goodbyes may come before
				}
				r.Send(`<iq type='get' id='b' from='alice@example.org/b' to='sms.example.org'><ping xmlns='urn:xmpp:ping'/></iq>`)
				for r.Next().Local != "iq" {
				}
				if s, _ := r.subscription(phone); s != step.want {
					t.Errorf("gone %v: subscription %b, want %b", step.gone, s, step.want)
				}
			}
		})
	}
}
