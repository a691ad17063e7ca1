package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"causeway/bridges"
	"causeway/component/xep/disco"
	"causeway/component/xep/privilege"
	"causeway/component/xep/roster"
	"causeway/component/xep/rosterx"
	"causeway/mapping"
)

// suggestions are the contacts that were suggested since the last call, by
// resource, and how many asked.
func (r *timeless) suggestions() (by map[string][]string, asks int) {
	by = map[string][]string{}
	for _, xml := range r.drain() {
		o := mustParse(r.t, xml)
		x, ok := o.Child(rosterx.NS, "x")
		if !ok {
			if o.Type == "subscribe" {
				asks++
			}
			continue
		}
		n := 0
		for i := range x.Children() {
			group, _ := i.Child(rosterx.NS, "group")
			if i.Attr("action") != "add" || group.Text() != "Friends" || !strings.HasPrefix(i.Attr("name"), "Person") {
				r.t.Errorf("0144.1-2: %s", xml)
			}
			n++
			by[resourceOf(o.To)] = append(by[resourceOf(o.To)], i.Attr("jid"))
		}
		if n > rosterx.Most || o.From != domain || bare(o.To) != alice {
			r.t.Errorf("0144.2: %d items in %s", n, xml)
		}
	}
	return by, asks
}

// offering runs f with a network that lists so many contacts, and a hash that
// stands for clients that take suggestions.
func offering(t *testing.T, contacts int, f func(r *timeless, ver string)) {
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		registered(s, alice, number)
		r := startTimeless(t, s, withList())
		defer r.end()
		query, ver := clientInfo(t, rosterx.NS)
		r.answer(disco.NSInfo, query)
		r.bridge.SetContacts(alice, many(contacts)...)
		f(r, ver)
	})
}

// many is a list of so many people.
func many(n int) (all []bridges.Person) {
	for i := range n {
		all = append(all, bridges.Person{ID: bridges.UserID(fmt.Sprintf("+12025551%03d", i)), Name: fmt.Sprint("Person ", i), Groups: []string{"Friends"}})
	}
	return all
}

// TestSuggested: where rosters are not granted, clients that take suggestions
// get each contact once, and no other client does; nobody asks.
func TestSuggested(t *testing.T) {
	const contacts = 200
	offering(t, contacts, func(r *timeless, ver string) {
		r.receive(t, says("x", ver))
		by, asks := r.suggestions()
		if len(by) != 1 || len(by["x"]) != contacts || len(slices.Compact(slices.Sorted(slices.Values(by["x"])))) != contacts || asks != 0 {
			t.Errorf("0144.1-3: %d suggested, %d ask", len(by["x"]), asks)
		}
		for _, n := range []int{0, 1} { // again; then with one more
			r.g.people.lost()
			r.bridge.SetContacts(alice, many(contacts+n)...)
			r.receive(t, says("x", ver))
			time.Sleep(time.Minute)
			if by, asks = r.suggestions(); len(by["x"]) != n || asks != 0 {
				t.Errorf("0144.3: %q suggested, %d ask", by, asks)
			}
		}
	})
}

// TestSuggestedToSome: of two clients only the one that takes suggestions gets
// them, also when the other was there first and contacts had begun to ask.
func TestSuggestedToSome(t *testing.T) {
	const contacts = 30
	offering(t, contacts, func(r *timeless, ver string) {
		r.receive(t, available(alice+"/old", domain))
		time.Sleep(2*askGap + askGap/2)
		_, asks := r.suggestions()
		r.receive(t, says("x", ver))
		time.Sleep(time.Minute)
		by, more := r.suggestions()
		if asks != 2 || more != 0 || len(by) != 1 || len(by["x"]) != contacts-asks {
			t.Errorf("0144.3: %d asked and then %d, suggested %q", asks, more, by)
		}
	})
}

// TestNotSuggested: to whom nothing is suggested.
func TestNotSuggested(t *testing.T) {
	for name, c := range map[string]struct {
		before func(r *timeless)
		asks   bool
	}{
		"0144.4 rosters are granted":             {func(r *timeless) { r.g.privileges.set("example.org", privilege.Rights{NS: privilege.NS, Roster: true}) }, false},
		"0144.3 the client does not take them":   {func(r *timeless) { info, _ := clientInfo(t); r.answer(disco.NSInfo, info) }, true},
		"0144.3 the client does not say":         {func(r *timeless) { r.answer(disco.NSInfo, "") }, true},
		"0100.37 the user has refused":           {func(r *timeless) { knows(r, mapping.RefusedByUser) }, false},
		"0356.7 the user has taken them out":     {func(r *timeless) { knows(r, mapping.RemovedByUser) }, false},
		"the user has them":                      {func(r *timeless) { knows(r, mapping.SeesContact|mapping.SeenByUs) }, false},
		"0144.3 suggested before, to any client": {func(r *timeless) { knows(r, mapping.AskedOnce) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			offering(t, 2, func(r *timeless, ver string) {
				r.answer(roster.NS, query(item("+12025551000", "Person 0", "both", "Friends"), item("+12025551001", "Person 1", "both", "Friends")))
				c.before(r)
				r.receive(t, says("x", ver))
				time.Sleep(time.Minute)
				if by, asks := r.suggestions(); len(by) != 0 || asks > 0 != c.asks {
					t.Errorf("suggested %q, %d ask", by, asks)
				}
			})
		})
	}
}

// TestSuggestedThenPlaced: who was suggested and is not in the roster is put there
// once the server grants that; whom the user took out is not.
func TestSuggestedThenPlaced(t *testing.T) {
	const contacts = 2
	offering(t, contacts, func(r *timeless, ver string) {
		r.receive(t, says("x", ver))
		if by, asks := r.suggestions(); len(by["x"]) != contacts || asks != 0 {
			t.Fatalf("suggested %q, %d ask", by, asks)
		}
		c, _, _ := r.store.Contact(t.Context(), domain, alice, "+12025551001")
		c.Subscription |= mapping.RemovedByUser
		if err := r.store.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{c}}); err != nil {
			t.Fatal(err)
		}
		r.answer(roster.NS, query())
		r.g.privileges.set("example.org", privilege.Rights{NS: privilege.NS, Roster: true})
		r.g.people.lost()
		r.receive(t, says("x", ver))
		time.Sleep(time.Minute)
		var set []string
		for _, xml := range r.drain() {
			if strings.Contains(xml, "type='set'") && strings.Contains(xml, roster.NS) {
				set = append(set, xml)
			}
			if strings.Contains(xml, "type='subscribe'") || strings.Contains(xml, rosterx.NS+"'><item") {
				t.Errorf("0100.45 once more: %s", xml)
			}
		}
		if len(set) != 1 || !strings.Contains(set[0], "jid='+12025551000@") || !strings.Contains(set[0], "subscription='both'") {
			t.Errorf("0356.7 0100.45 the roster: %q", set)
		}
	})
}

// knows has alice had to do with the contacts of the list.
func knows(r *timeless, s mapping.Subscription) {
	var b mapping.Batch
	for _, p := range many(2) {
		b.PutContacts = append(b.PutContacts, mapping.Contact{Bridge: domain, Account: alice, ID: bridges.ChatID(p.ID), Subscription: s})
	}
	if err := r.store.Commit(r.t.Context(), &b); err != nil {
		r.t.Fatal(err)
	}
}

// TestOfferable: what does not fit into a stanza goes into the next.
func TestOfferable(t *testing.T) {
	long := rosterx.Item{JID: "a@b", Name: strings.Repeat("n", offerSize)}
	for n, items := range map[int][]rosterx.Item{1: {long, long}, 2: make([]rosterx.Item, 2), rosterx.Most: make([]rosterx.Item, rosterx.Most+1)} {
		if got := offerable(items); got != n {
			t.Errorf("%d of %d", got, len(items))
		}
	}
}
