package storetest

import (
	"errors"
	"fmt"
	"sync"

	"causeway/bridges"
	"causeway/mapping"
)

func account(bridge string, id bridges.AccountID, self bridges.UserID) mapping.Account {
	return mapping.Account{Bridge: bridge, ID: id, Self: self, Created: start}
}

func (k *kase) putAccounts(as ...mapping.Account) error {
	return k.Commit(k.Context(), &mapping.Batch{PutAccounts: as})
}

func testAccounts(k *kase) {
	a, b := account(sms, alice, "+1"), account(other, alice, "+1")
	k.ok(k.putAccounts(a, b))
	k.crash()
	got, ok, err := k.Account(k.Context(), sms, alice)
	k.ok(err)
	k.equal(ok, true)
	k.equal(got, a)
	got, ok, err = k.AccountBySelf(k.Context(), other, "+1")
	k.ok(err)
	k.equal(ok, true)
	k.equal(got, b)
	_, ok, err = k.Account(k.Context(), sms, bob)
	k.ok(err)
	k.equal(ok, false)
	_, ok, err = k.AccountBySelf(k.Context(), sms, "+2")
	k.ok(err)
	k.equal(ok, false)

	a.Self, a.Created, a.Settings = "+2", in(5), map[string]string{"own": "drop", "ä\"": "", "": "\n"}
	k.ok(k.putAccounts(a))
	got, _, err = k.Account(k.Context(), sms, alice)
	k.ok(err)
	k.equal(got, a)
	_, ok, err = k.AccountBySelf(k.Context(), sms, "+1")
	k.ok(err)
	k.equal(ok, false)
}

// testTaken: nothing of a refused batch is written.
func testTaken(k *kase) {
	k.ok(k.putAccounts(account(sms, alice, "+1")))
	err := k.Commit(k.Context(), &mapping.Batch{
		Cycles:      []*mapping.Cycle{cycle(sms, "x")},
		PutAccounts: []mapping.Account{account(sms, "carol@example.org", "+3"), account(sms, bob, "+1")},
		PutContacts: []mapping.Contact{{Bridge: sms, Account: bob, ID: "+9"}},
	})
	if !errors.Is(err, mapping.ErrTaken) {
		k.Fatal(err)
	}
	k.equal(k.replayed(sms), []string{})
	_, ok, err := k.Account(k.Context(), sms, "carol@example.org")
	k.ok(err)
	k.equal(ok, false)
	_, ok, err = k.Contact(k.Context(), sms, bob, "+9")
	k.ok(err)
	k.equal(ok, false)
	// The same identity at another bridge, and by its own account, is free.
	k.ok(k.putAccounts(account(other, bob, "+1"), account(sms, alice, "+1")))
}

// testTakenAmongOthers: of many callers at once each that is refused is alone
// with it, and of those that want one identity one gets it.
func testTakenAmongOthers(k *kase) {
	const callers = 24
	var wg sync.WaitGroup
	results := make([]error, callers)
	for i := range callers {
		wg.Go(func() {
			b := &mapping.Batch{Cycles: []*mapping.Cycle{cycle(sms, fmt.Sprint(i))}}
			if i%2 == 0 {
				b.PutAccounts = []mapping.Account{account(sms, bridges.AccountID(fmt.Sprint("u", i)), "+1")}
			}
			results[i] = k.Commit(k.Context(), b)
		})
	}
	wg.Wait()
	winners := 0
	for i, err := range results {
		switch {
		case i%2 == 0 && err == nil:
			winners++
		case i%2 == 0 && !errors.Is(err, mapping.ErrTaken), i%2 == 1 && err != nil:
			k.Errorf("caller %d: %v", i, err)
		}
	}
	k.equal(winners, 1)
	k.crash()
	k.equal(len(k.replayed(sms)), callers/2+1)
}

func testDeleteAccount(k *kase) {
	k.ok(k.putAccounts(account(sms, alice, "+1"), account(sms, bob, "+2"), account(other, alice, "+1")))
	for _, a := range []bridges.AccountID{alice, bob} {
		keys := k.accept(cycle(sms, "x"))
		p := parkedRow(keys[0], "to "+string(a), "x", in(0))
		p.Account = a
		k.commit(&mapping.Batch{
			Park:        []mapping.Parked{p},
			PutContacts: []mapping.Contact{{Bridge: sms, Account: a, ID: "+9"}, {Bridge: other, Account: a, ID: "+9"}},
			PutMessages: []mapping.Message{{Bridge: sms, ID: bridges.MessageID("m" + a), Account: a, At: start}},
		})
	}
	k.commit(&mapping.Batch{DeleteAccounts: []mapping.Account{{Bridge: sms, ID: alice}}})
	for range 2 {
		for _, a := range []bridges.AccountID{alice, bob} {
			k.gone(a, a == alice)
		}
		_, ok, err := k.Account(k.Context(), other, alice)
		k.ok(err)
		k.equal(ok, true)
		_, ok, err = k.Contact(k.Context(), other, alice, "+9")
		k.ok(err)
		k.equal(ok, true)
		k.crash()
	}
	k.ok(k.putAccounts(account(sms, "carol@example.org", "+1"))) // it is free again
}

// gone checks that all about an account at sms is there, or is not.
func (k *kase) gone(a bridges.AccountID, gone bool) {
	k.Helper()
	_, ok, err := k.Account(k.Context(), sms, a)
	k.ok(err)
	k.equal(ok, !gone)
	_, ok, err = k.Contact(k.Context(), sms, a, "+9")
	k.ok(err)
	k.equal(ok, !gone)
	_, ok, err = k.MessageByID(k.Context(), sms, bridges.MessageID("m"+a))
	k.ok(err)
	k.equal(ok, !gone)
	k.equal(len(k.waiting("to "+string(a))) == 0, gone)
}

// testPages: more rows than are read at once, and f calls the store.
func testPages(k *kase) {
	const n = 1000
	b := new(mapping.Batch)
	for i := range n {
		id := fmt.Sprintf("%04d", i)
		b.PutAccounts = append(b.PutAccounts, account(sms, bridges.AccountID(id), bridges.UserID(id)))
		b.PutContacts = append(b.PutContacts, mapping.Contact{Bridge: sms, Account: alice, ID: bridges.ChatID(id)})
	}
	k.commit(b)
	i := 0
	k.ok(k.EachAccount(k.Context(), sms, func(a mapping.Account) error {
		k.equal(a, b.PutAccounts[i])
		i++
		_, _, err := k.Account(k.Context(), sms, a.ID)
		k.Behind(&mapping.Batch{PutContacts: []mapping.Contact{{Bridge: sms, Account: bob, ID: bridges.ChatID(a.ID)}}})
		return err
	}))
	k.equal(i, n)
	for _, who := range []bridges.AccountID{alice, bob} {
		i = 0
		k.ok(k.EachContact(k.Context(), sms, who, func(c mapping.Contact) error {
			k.equal(c.ID, b.PutContacts[i].ID)
			i++
			return nil
		}))
		k.equal(i, n)
	}
	if err := k.EachAccount(k.Context(), sms, func(mapping.Account) error { return errStop }); !errors.Is(err, errStop) {
		k.Fatal(err)
	}
	k.ok(k.EachAccount(k.Context(), other, func(mapping.Account) error { return errStop }))
}

func testContacts(k *kase) {
	c := mapping.Contact{Bridge: sms, Account: alice, ID: "+9", Subscription: mapping.SeesContact}
	k.commit(&mapping.Batch{PutContacts: []mapping.Contact{c}})
	c.Subscription |= mapping.SeenByUs | mapping.RefusedByUser | mapping.PlacedByUs | mapping.RemovedByUser | mapping.AskedOnce | mapping.NamedByUser
	c.Name, c.Placed = "Zoë \U0001f600", "Zoe"
	k.commit(&mapping.Batch{PutContacts: []mapping.Contact{c}})
	k.reopen()
	got, ok, err := k.Contact(k.Context(), sms, alice, "+9")
	k.ok(err)
	k.equal(ok, true)
	k.equal(got, c)
	k.commit(&mapping.Batch{DeleteContacts: []mapping.Contact{{Bridge: sms, Account: alice, ID: "+9"}, {Bridge: sms, Account: bob, ID: "+9"}}})
	_, ok, err = k.Contact(k.Context(), sms, alice, "+9")
	k.ok(err)
	k.equal(ok, false)
}
