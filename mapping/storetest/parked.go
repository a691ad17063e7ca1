package storetest

import (
	"errors"
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// parkedRow makes a parked record of alice that expires in a day.
func parkedRow(key mapping.Key, conversation, text string, next time.Time) mapping.Parked {
	return mapping.Parked{
		Key: key, Bridge: sms, Account: alice, Conversation: conversation,
		Record: mapping.Record{Kind: mapping.FromXMPP, Data: []byte(text)},
		Next:   next, Expires: start.Add(24 * time.Hour), Attempts: 2,
	}
}

// in returns a moment some seconds after start.
func in(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// parkAll accepts a cycle and parks all of it.
func (k *kase) parkAll(conversation string, next time.Time, texts ...string) []mapping.Parked {
	k.Helper()
	keys := k.accept(cycle(sms, texts...))
	rows := make([]mapping.Parked, len(keys))
	for i, key := range keys {
		rows[i] = parkedRow(key, conversation, texts[i], next)
	}
	k.commit(&mapping.Batch{Park: rows})
	return rows
}

func (k *kase) waiting(conversation string) []mapping.Parked {
	k.Helper()
	rows, err := k.Waiting(k.Context(), sms, conversation, 1000)
	k.ok(err)
	return rows
}

func testWaiting(k *kase) {
	a := k.parkAll("a", in(1), "1", "2", "")
	b := k.parkAll("b", time.Time{}, "3")
	a = append(a, k.parkAll("a", in(0), "4")...)
	a[1].Doubt, a[1].Record.Kind = true, mapping.ToXMPP
	k.commit(&mapping.Batch{Park: a[1:2]})
	for range 2 {
		k.equal(k.waiting("a"), a)
		k.equal(k.waiting("b"), b)
		rows, err := k.Waiting(k.Context(), sms, "a", 2)
		k.ok(err)
		k.equal(rows, a[:2])
		rows, err = k.Waiting(k.Context(), other, "a", 2)
		k.ok(err)
		k.equal(len(rows), 0)
		k.equal(k.replayed(sms), []string{})
		k.crash()
	}
}

func testBacklogs(k *kase) {
	want := map[string]int{}
	for i := range 600 {
		name := fmt.Sprint("c", i)
		k.Behind(&mapping.Batch{Park: []mapping.Parked{
			parkedRow(mapping.Key{Cycle: uint64(1<<40 + i)}, name, "x", time.Time{}),
		}})
		want[name] = 1
	}
	k.parkAll("c1", in(0), "y", "z")
	want["c1"] = 3
	got := map[string]int{}
	k.ok(k.Backlogs(k.Context(), sms, func(account bridges.AccountID, conversation string, n int) error {
		k.equal(account, alice)
		got[conversation] += n
		_, err := k.Waiting(k.Context(), sms, conversation, 1) // f may call the store
		return err
	}))
	k.equal(got, want)
	k.ok(k.Backlogs(k.Context(), other, func(bridges.AccountID, string, int) error { return errStop }))
	err := k.Backlogs(k.Context(), sms, func(bridges.AccountID, string, int) error { return errStop })
	if !errors.Is(err, errStop) {
		k.Fatal(err)
	}
}

// testParkedSettle: records leave their cycle in both ways, and parked ones
// are settled by their old key.
func (k *kase) isParked(key mapping.Key, want bool) {
	k.Helper()
	is, err := k.IsParked(k.Context(), key)
	k.ok(err)
	k.equal(is, want)
}

func testParkedSettle(k *kase) {
	keys := k.accept(cycle(sms, "a", "b", "c", "d"))
	b, c := parkedRow(keys[1], "conv", "b", in(0)), parkedRow(keys[2], "conv", "c", in(0))
	k.commit(&mapping.Batch{Park: []mapping.Parked{b, c}, Settle: keys[:1]})
	k.equal(k.replayed(sms), []string{"d"})
	k.crash()
	k.equal(k.replayed(sms), []string{"d"})
	k.equal(k.waiting("conv"), []mapping.Parked{b, c})
	k.isParked(b.Key, true)
	k.isParked(keys[3], false)
	k.commit(&mapping.Batch{Settle: []mapping.Key{b.Key, keys[3]}})
	k.crash()
	k.isParked(b.Key, false)
	k.equal(k.replayed(sms), []string{})
	k.equal(k.waiting("conv"), []mapping.Parked{c})
	k.commit(&mapping.Batch{Settle: []mapping.Key{c.Key}})
	k.equal(len(k.waiting("conv")), 0)
	// Parked and settled by one batch: settled.
	keys = k.accept(cycle(sms, "e"))
	k.commit(&mapping.Batch{Park: []mapping.Parked{parkedRow(keys[0], "conv", "e", in(0))}, Settle: keys})
	k.equal(len(k.waiting("conv")), 0)
	k.equal(k.replayed(sms), []string{})
}

func testParkedUpdate(k *kase) {
	rows := k.parkAll("a", in(0), "1", "2")
	rows[0].Next, rows[0].Attempts, rows[0].Doubt = in(100), 3, true
	k.Behind(&mapping.Batch{Park: rows[:1]})
	k.equal(k.waiting("a"), rows)
	k.reopen()
	k.equal(k.waiting("a"), rows)
}
