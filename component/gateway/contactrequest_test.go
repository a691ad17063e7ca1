package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

// TestContactRequest: a person who wants to be a contact asks for a subscription with
// name and picture, once, and never whom the user has refused.
func TestContactRequest(t *testing.T) {
	const sees = mapping.SeesContact
	for _, c := range []struct {
		name      string
		was, want mapping.Subscription
		asks      bool
	}{
		{"0100.37 a stranger", 0, mapping.AskedByUs, true},
		{"one whom the user sees", sees, sees | mapping.AskedByUs, true},
		{"taken out of the roster", mapping.RemovedByUser | mapping.PlacedByUs, mapping.AskedByUs, true},
		{"has asked", mapping.AskedByUs, mapping.AskedByUs, false},
		{"was refused", mapping.RefusedByUser, mapping.RefusedByUser, false},
		{"a contact", sees | mapping.SeenByUs, sees | mapping.SeenByUs, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { requested(t, c.was, c.want, c.asks) })
		})
	}
}

func requested(t *testing.T, was, want mapping.Subscription, asks bool) {
	s := newMemStore()
	registered(s, alice, number)
	if was != 0 {
		err := s.Commit(t.Context(), &mapping.Batch{PutContacts: []mapping.Contact{{Bridge: domain, Account: alice, ID: phone, Subscription: was}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	info := bridgetest.SMS()
	info.Can |= bridges.CanPictures
	r := startTimeless(t, s, info)
	r.bridge.SetProfile(phone, bridges.Profile{Name: "Zoe\u202e", Picture: photo(t, 1)})
	for range 2 { // it may come again
		if err := r.bridge.Host().Deliver(context.Background(), toAlice(bridges.ContactRequest{Person: phone})); err != nil {
			t.Fatal(err)
		}
	}
	sent := slices.DeleteFunc(r.drain(), func(xml string) bool { return !strings.Contains(xml, "type='subscribe'") })
	if (len(sent) == 1) != asks || asks && (!strings.Contains(sent[0], ">Zoe</nick>") || !strings.Contains(sent[0], "<photo>") || strings.Contains(sent[0], "<photo></photo>")) {
		t.Errorf("the user is asked %q", sent)
	}
	check := func(r *timeless) {
		t.Helper()
		if c, _, _ := r.store.Contact(context.Background(), domain, alice, phone); c.Subscription != want {
			t.Errorf("subscription %b, not %b", c.Subscription, want)
		}
		if n, p := r.store.count(); n != 0 || p != 0 {
			t.Errorf("%d records and %d rows are left", n, p)
		}
	}
	check(r)
	r = r.crash(info)
	defer r.end()
	r.drain()
	check(r)
}
