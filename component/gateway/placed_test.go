package gateway

import (
	"fmt"
	"strings"
	"testing"

	"causeway/component/xep/privilege"
	"causeway/mapping"
)

// changes is our request to change what is in alice's roster.
func changes(item string) string {
	return `<iq type='set' from='sms.example.org' to='alice@example.org'>` + query(item) + `</iq>`
}

// takesOut is our request to take a contact out of alice's roster.
func takesOut(number string) string {
	return changes(`<item jid='` + number + `@sms.example.org' subscription='remove'/>`)
}

// placed is a rig where the phone is in alice's roster by a name, and she is
// there.
func placed(t *testing.T, name string) *rig {
	s := newMemStore()
	registered(s, alice, number)
	r := start(t, s, withList())
	r.greeting()
	c := mapping.Contact{
		Bridge: domain, Account: alice, ID: phone, Name: name, Placed: name,
		Subscription: mapping.PlacedByUs | mapping.SeenByUs | mapping.SeesContact,
	}
	if err := s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{c}}); err != nil {
		t.Fatal(err)
	}
	r.Send(grants("example.org", privilege.NS, permRoster))
	r.comes()
	r.Receive(contactShows)
	r.answerIQ(readsRoster, query(item(phone, name, "both", "G")))
	r.rostersKept()
	return r
}

func (r *rig) contact() mapping.Contact {
	r.t.Helper()
	c, _, err := r.store.Contact(r.t.Context(), domain, alice, phone)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// TestNameOfUser: what the user calls a contact in the roster is what it is
// found by, and neither the network's list nor what comes later replaces it.
func TestNameOfUser(t *testing.T) {
	r := placed(t, "Bob")
	t.Run("0356.9 a push says that there is another", func(t *testing.T) {
		for i, pushed := range []string{`<item jid='bob@example.org' name='x' subscription='both'/>`, item(phone, "My Robert", "both", "G")} {
			id := fmt.Sprint("push", i)
			r.Send(`<iq type='set' id='` + id + `' from='alice@example.org' to='sms.example.org'>` + query(pushed) + `</iq>`)
			r.Receive(`<iq type='result' id='` + id + `' from='sms.example.org' to='alice@example.org'/>`)
		}
		r.answerIQ(readsRoster, query(item(phone, "My \u202eRobert", "both", "G")))
		r.rostersKept()
	})
	if c := r.contact(); c.Name != "My Robert" || c.Subscription&mapping.NamedByUser == 0 {
		t.Errorf("%+v", c)
	}
	r.Send(`<iq type='set' id='p' from='alice@example.org/x' to='sms.example.org'>` + typed("my rob") + `</iq>`)
	r.Receive(`<iq type='result' id='p' from='sms.example.org' to='alice@example.org/x'><query xmlns='jabber:iq:gateway'><jid>` + phoneJID + `</jid></query></iq>`)

	r.again(phone)
	r.answerIQ(readsRoster, query(item(phone, "", "both", "G"))) // 0356.7: no name is one, too
	r.rostersKept()
	if c := r.contact(); c.Name != "My Robert" {
		t.Errorf("%+v", c)
	}
}

// TestRenamedByFunction: the order of the user changes the roster, whatever
// stands there, in which the contact stays where it is.
func TestRenamedByFunction(t *testing.T) {
	r := placed(t, "Bob")
	r.say(alice, "rename "+phone+" Uncle Bob")
	r.answer(alice)
	r.answerIQ(readsRoster, query(item(phone, "Meanwhile", "both", "G")))
	r.answerIQ(changes(item(phone, "Uncle Bob", "both", "G")), "")
	r.answerIQ(readsRoster, query(item(phone, "Uncle Bob", "both", "G")))
	r.rostersKept()
	if c := r.contact(); c.Placed != "Uncle Bob" || c.Subscription&mapping.NamedByUser == 0 {
		t.Errorf("%+v", c)
	}
	t.Run("0356.10 not yet", func(t *testing.T) {
		r.say(alice, "rename "+phone+" Robert")
		r.answer(alice)
		r.answerIQ(readsRoster, query(item(phone, "Uncle Bob", "both", "G")))
		r.answerIQ(changes(item(phone, "Robert", "both", "G")), forbidden)
		r.answerIQ(readsRoster, query(item(phone, "Uncle Bob", "both", "G")))
		r.barrier(alice)
		r.Send(grants("example.org", privilege.NS, permRoster)) // 0356.2: it says anew what it grants
		r.answerIQ(readsRoster, query(item(phone, "Uncle Bob", "both", "G")))
		r.answerIQ(changes(item(phone, "Robert", "both", "G")), "")
		r.answerIQ(readsRoster, query(item(phone, "Robert", "both", "G")))
		r.rostersKept()
		if c := r.contact(); c.Placed != "Robert" {
			t.Errorf("%+v", c)
		}
	})
}

// TestGrantedMeanwhile: what a server refused before it said anew what it grants
// takes nothing back, and the roster is looked at again.
func TestGrantedMeanwhile(t *testing.T) {
	r := placed(t, "Bob")
	r.say(alice, "rename "+phone+" Robert")
	r.answer(alice)
	r.answerIQ(readsRoster, query(item(phone, "Bob", "both", "G")))
	r.answerIQ(changes(item(phone, "Robert", "both", "G")), forbidden)
	n := r.Receive(readsRoster)
	r.Send(grants("example.org", privilege.NS, permRoster)) // 0356.2
	r.barrier(alice)
	r.Send(`<iq type='result' id='` + n.Attr["id"] + `' from='` + alice + `' to='` + domain + `'>` + query(item(phone, "Bob", "both", "G")) + `</iq>`)
	r.answerIQ(readsRoster, query(item(phone, "Bob", "both", "G")))
	r.answerIQ(changes(item(phone, "Robert", "both", "G")), "")
	r.answerIQ(readsRoster, query(item(phone, "Robert", "both", "G")))
	r.rostersKept()
	if !r.g.rights("example.org").Roster {
		t.Error("0356.10: the refusal was of earlier")
	}
}

// TestRemovedByFunction: the contact leaves the roster, at the next log-in if
// the first attempt fails, and does not come back.
func TestRemovedByFunction(t *testing.T) {
	r := placed(t, "Bob")
	r.say(alice, "remove Bob")
	r.answer(alice)
	for _, p := range farewells(phoneJID, phoneJID+"/gateway") {
		r.Receive(p)
	}
	r.answerIQ(readsRoster, query(item(phone, "My Bob", "none", "G")))
	r.answerIQ(takesOut(phone), forbidden) // 0356.10
	r.answerIQ(readsRoster, query(item(phone, "My Bob", "none", "G")))
	r.barrier(alice)
	r.say(alice, "contacts")
	if got := r.answer(alice); !strings.HasPrefix(got, "You have no contacts") {
		t.Errorf("%q", got)
	}
	r.Send(grants("example.org", privilege.NS, permRoster)) // 0356.2: it says anew what it grants
	r.answerIQ(readsRoster, query(item(phone, "My Bob", "none", "G")))
	r.answerIQ(takesOut(phone), "") // 0356.8
	r.answerIQ(readsRoster, query())
	r.rostersKept()
	if s, _ := r.subscription(phone); s != mapping.RemovedByUser {
		t.Errorf("subscription %b", s)
	}
	r.g.people.lost()
	r.comes()
	r.barrier(alice) // 0356.7: nothing is to be done
}
