package storetest

import (
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// released returns what is known of an identity at sms that by asks about.
func (k *kase) released(self bridges.UserID, by bridges.AccountID) (at time.Time, own bool) {
	k.Helper()
	at, own, err := k.Released(k.Context(), sms, self, by)
	k.ok(err)
	return at, own
}

// wantReleased checks that alice, and nobody else, gave self back between two
// times.
func (k *kase) wantReleased(self bridges.UserID, from, to time.Time) {
	k.Helper()
	at, own := k.released(self, alice)
	k.equal(own, true)
	if at.Before(from) || at.After(to) {
		k.Fatalf("%s was given back at %v, want a time from %v to %v", self, at, from, to)
	}
	again, own := k.released(self, bob)
	k.equal(own, false)
	k.equal(again, at)
}

// wantNew checks that an identity is one that nobody ever gave back.
func (k *kase) wantNew(self bridges.UserID) {
	k.Helper()
	at, own := k.released(self, alice)
	k.equal(at.IsZero(), true)
	k.equal(own, false)
}

// testReleased: an identity is known as given back from the commit that frees
// it to the one that gives it out again.
func testReleased(k *kase) {
	k.wantNew("+1")
	k.ok(k.putAccounts(account(sms, alice, "+1"), account(other, alice, "+1")))
	k.ok(k.putAccounts(account(sms, alice, "+1"))) // keeps it
	k.commit(&mapping.Batch{DeleteAccounts: []mapping.Account{{Bridge: other, ID: alice}, {Bridge: sms, ID: bob}}})
	k.wantNew("+1")

	before := time.Now().Round(0)
	k.ok(k.putAccounts(account(sms, alice, "+2")))
	k.crash()
	k.wantReleased("+1", before, time.Now())
	k.wantNew("+2")

	k.commit(&mapping.Batch{DeleteAccounts: []mapping.Account{{Bridge: sms, ID: alice}}})
	k.crash()
	k.wantReleased("+1", before, time.Now())
	k.wantReleased("+2", before, time.Now())

	k.ok(k.putAccounts(account(sms, bob, "+1")))
	k.wantNew("+1")
	k.wantReleased("+2", before, time.Now())
	k.Behind(&mapping.Batch{DeleteAccounts: []mapping.Account{{Bridge: sms, ID: bob}}})
	_, own := k.released("+1", bob)
	k.equal(own, true)
	_, own = k.released("+1", alice)
	k.equal(own, false)
}

// testReleasedSwept: half a year later it is as if nobody had had it.
func testReleasedSwept(k *kase) {
	before := time.Now().Round(0)
	k.ok(k.putAccounts(account(sms, alice, "+1")))
	k.commit(&mapping.Batch{DeleteAccounts: []mapping.Account{{Bridge: sms, ID: alice}}})
	k.backend.Sweep(k.T, before.AddDate(0, 5, 0))
	k.wantReleased("+1", before, time.Now())
	k.backend.Sweep(k.T, time.Now().AddDate(0, 7, 0))
	k.wantNew("+1")
}
