package storetest

import (
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// years later everything that has a limit is past it.
var yearsLater = start.AddDate(3, 0, 0)

// testRetention: rows of every table that has a limit go, many at once, and
// newer ones stay.
func testRetention(k *kase) {
	keys := k.accept(cycle(sms, "a", "b"))
	b := &mapping.Batch{Park: []mapping.Parked{parkedRow(keys[0], "old", "a", in(0))}}
	young := parkedRow(keys[1], "young", "b", in(0))
	young.Expires = yearsLater
	b.Park = append(b.Park, young)
	rows := func(from, to int, at time.Time) {
		for i := from; i < to; i++ {
			m := message(bridges.MessageID(fmt.Sprint(i)), "s", 0, 1)
			m.At = at
			b.PutMessages = append(b.PutMessages, m)
			b.PutSent = append(b.PutSent, mapping.Sent{Bridge: sms, Hash: [16]byte{byte(i), byte(i >> 8)}, At: at})
			b.PutOnce = append(b.PutOnce, mapping.Once{Bridge: sms, Fingerprint: fmt.Sprint(i), At: at})
			b.Quarantine = append(b.Quarantine, mapping.Quarantined{Key: mapping.Key{Cycle: uint64(1000 + i)}, Bridge: sms, At: at})
		}
	}
	rows(0, 500, start)
	rows(500, 503, yearsLater)
	k.commit(b)
	k.backend.Sweep(k.T, start.Add(time.Minute)) // nothing is too old yet
	k.equal(len(k.recentSent(sms, start)), 503)
	k.equal(len(k.waiting("old")), 1)

	k.backend.Sweep(k.T, yearsLater)
	k.equal(len(k.recentSent(sms, start)), 3)
	k.equal(len(k.recentOnce(sms, start)), 3)
	k.equal(len(k.quarantined()), 3)
	k.equal(len(k.waiting("old")), 0)
	k.equal(len(k.waiting("young")), 1)
	_, ok := k.message(sms, "499")
	k.equal(ok, false)
	_, ok = k.message(sms, "500")
	k.equal(ok, true)
}

// testRetentionSpares: what has no limit stays, however old.
func testRetentionSpares(k *kase) {
	k.accept(cycle(sms, "a"))
	k.ok(k.putAccounts(account(sms, alice, "+1")))
	k.commit(&mapping.Batch{PutContacts: []mapping.Contact{{Bridge: sms, Account: alice, ID: "+9"}}})
	k.backend.Sweep(k.T, yearsLater)
	k.equal(k.replayed(sms), []string{"a"})
	_, ok, err := k.Account(k.Context(), sms, alice)
	k.ok(err)
	k.equal(ok, true)
	_, ok, err = k.Contact(k.Context(), sms, alice, "+9")
	k.ok(err)
	k.equal(ok, true)
}
