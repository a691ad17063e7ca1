package storetest

import (
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

func message(id bridges.MessageID, stanza string, part, parts uint8) mapping.Message {
	return mapping.Message{
		Bridge: sms, ID: id, Account: alice, Chat: "+9", Stanza: stanza, Resource: "phone",
		Receipt: true, Part: part, Parts: parts, At: start,
	}
}

func (k *kase) putMessages(ms ...mapping.Message) { k.commit(&mapping.Batch{PutMessages: ms}) }

func (k *kase) message(bridge string, id bridges.MessageID) (mapping.Message, bool) {
	k.Helper()
	m, ok, err := k.MessageByID(k.Context(), bridge, id)
	k.ok(err)
	return m, ok
}

func testMessages(k *kase) {
	a, b := message("1", "s1", 0, 1), message("1", "s2", 0, 1)
	b.Bridge = other
	k.putMessages(a, b)
	a.State = bridges.Delivered
	k.putMessages(a)
	k.crash()
	got, ok := k.message(sms, "1")
	k.equal(ok, true)
	k.equal(got, a)
	got, ok = k.message(other, "1")
	k.equal(ok, true)
	k.equal(got, b)
	_, ok = k.message(sms, "2")
	k.equal(ok, false)
}

func testParts(k *kase) {
	ms := []mapping.Message{message("a", "s", 0, 3), message("b", "s", 1, 3), message("c", "s", 2, 3)}
	k.putMessages(ms[2], ms[0])
	k.Behind(&mapping.Batch{PutMessages: ms[1:2]})
	elsewhere := message("d", "s", 0, 1)
	elsewhere.Chat = "+8"
	someone := message("e", "s", 0, 1)
	someone.Account = bob
	bridge := message("f", "s", 0, 1)
	bridge.Bridge = other
	k.putMessages(elsewhere, someone, bridge, message("g", "t", 0, 1))
	got, err := k.Parts(k.Context(), sms, alice, "+9", "s")
	k.ok(err)
	k.equal(got, ms)
	got, err = k.Parts(k.Context(), sms, alice, "+9", "u")
	k.ok(err)
	k.equal(len(got), 0)
}

func (k *kase) recentSent(bridge string, since time.Time) map[[16]byte]time.Time {
	k.Helper()
	got := map[[16]byte]time.Time{}
	k.ok(k.RecentSent(k.Context(), bridge, since, func(s mapping.Sent) error {
		got[s.Hash] = s.At
		return nil
	}))
	return got
}

func testSent(k *kase) {
	b := new(mapping.Batch)
	for i := range 700 {
		b.PutSent = append(b.PutSent, mapping.Sent{Bridge: sms, Hash: [16]byte{byte(i), byte(i >> 8), 1}, At: in(i)})
	}
	b.PutSent = append(b.PutSent, mapping.Sent{Bridge: other, Hash: [16]byte{9}, At: in(0)})
	k.commit(b)
	k.crash()
	k.equal(len(k.recentSent(sms, start)), 700)
	k.equal(len(k.recentSent(sms, in(699))), 1)
	k.equal(k.recentSent(other, start), map[[16]byte]time.Time{{9}: start})
	// The newest row of a hash comes last.
	k.commit(&mapping.Batch{PutSent: []mapping.Sent{{Bridge: other, Hash: [16]byte{9}, At: in(7)}}})
	k.equal(k.recentSent(other, start), map[[16]byte]time.Time{{9}: in(7)})
}

func (k *kase) recentOnce(bridge string, since time.Time) []mapping.Once {
	k.Helper()
	var got []mapping.Once
	k.ok(k.RecentOnce(k.Context(), bridge, since, func(o mapping.Once) error {
		got = append(got, o)
		return nil
	}))
	return got
}

func testOnce(k *kase) {
	row := func(bridge, fp string, stream uint64, at int) mapping.Once {
		return mapping.Once{Bridge: bridge, Fingerprint: fp, Stream: stream, At: in(at)}
	}
	k.commit(&mapping.Batch{PutOnce: []mapping.Once{
		row(sms, "a", 1<<63+1, 0), row(sms, "b", 1, 1), row(other, "a", 2, 2),
	}})
	k.commit(&mapping.Batch{PutOnce: []mapping.Once{row(sms, "a", 7, 3)}})
	k.crash()
	k.equal(k.recentOnce(sms, start), []mapping.Once{row(sms, "b", 1, 1), row(sms, "a", 7, 3)})
	k.equal(k.recentOnce(sms, in(2)), []mapping.Once{row(sms, "a", 7, 3)})
	k.commit(&mapping.Batch{DeleteOnce: []mapping.Once{{Bridge: sms, Fingerprint: "a"}, {Bridge: sms, Fingerprint: "z"}}})
	k.equal(k.recentOnce(sms, start), []mapping.Once{row(sms, "b", 1, 1)})
	k.equal(k.recentOnce(other, start), []mapping.Once{row(other, "a", 2, 2)})
}

func (k *kase) quarantined() []mapping.Quarantined {
	k.Helper()
	var got []mapping.Quarantined
	k.ok(k.Quarantined(k.Context(), func(q mapping.Quarantined) error {
		got = append(got, q)
		return nil
	}))
	return got
}

func testQuarantine(k *kase) {
	keys := k.accept(cycle(sms, "a", "b", "c"))
	var want []mapping.Quarantined
	for i, key := range keys[:2] {
		want = append(want, mapping.Quarantined{
			Key: key, Bridge: sms, Record: mapping.Record{Kind: mapping.FromNetwork, Data: []byte{0, byte(i)}},
			Reason: fmt.Sprint("reason ", i), At: in(i),
		})
	}
	k.Behind(&mapping.Batch{Settle: keys[:2], Quarantine: want})
	k.equal(k.quarantined(), want)
	k.crash()
	k.equal(k.quarantined(), want)
	k.equal(k.replayed(sms), []string{"c"})
}

// testBehindShown: reads show what is behind, of every table.
func testBehindShown(k *kase) {
	for i := range 20 {
		id := fmt.Sprint("m", i)
		k.Behind(&mapping.Batch{
			PutMessages: []mapping.Message{message(bridges.MessageID(id), id, 0, 1)},
			PutAccounts: []mapping.Account{account(sms, bridges.AccountID(id), bridges.UserID(id))},
			PutContacts: []mapping.Contact{{Bridge: sms, Account: alice, ID: bridges.ChatID(id)}},
			PutSent:     []mapping.Sent{{Bridge: sms, Hash: [16]byte{byte(i)}, At: in(i)}},
		})
		_, ok := k.message(sms, bridges.MessageID(id))
		k.equal(ok, true)
		_, ok, err := k.Account(k.Context(), sms, bridges.AccountID(id))
		k.ok(err)
		k.equal(ok, true)
		_, ok, err = k.Contact(k.Context(), sms, alice, bridges.ChatID(id))
		k.ok(err)
		k.equal(ok, true)
		k.equal(len(k.recentSent(sms, in(i))), 1)
		k.Behind(&mapping.Batch{DeleteAccounts: []mapping.Account{{Bridge: sms, ID: alice}}})
		_, ok = k.message(sms, bridges.MessageID(id))
		k.equal(ok, false)
	}
}

func testBehindOrder(k *kase) {
	c := mapping.Contact{Bridge: sms, Account: alice, ID: "+9"}
	for i := range 50 {
		c.Subscription = mapping.Subscription(i % 16)
		if b := (&mapping.Batch{PutContacts: []mapping.Contact{c}}); i%3 == 0 {
			k.commit(b)
		} else {
			k.Behind(b)
		}
	}
	got, _, err := k.Contact(k.Context(), sms, alice, "+9")
	k.ok(err)
	k.equal(got, c)
}
