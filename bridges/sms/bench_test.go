package sms

import (
	"context"
	"testing"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
)

// sink is a gateway that takes everything.
type sink struct{}

func (sink) Owner(context.Context, bridges.UserID) (bridges.AccountID, bool, error) {
	return alice, true, nil
}
func (sink) Deliver(context.Context, []bridges.Delivery) error { return nil }
func (sink) Hint(bridges.Delivery)                             {}
func (sink) Answered(...string)                                {}
func (sink) Ready()                                            {}

const ordinary = "See you at the station at half past six, I have the tickets."

// What this package costs a text out, without SMPP.
func BenchmarkOut(b *testing.B) {
	p := newPlan("US")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.resolve(phone); err != nil {
			b.Fatal(err)
		}
		if _, err := encode(ordinary, scriptGSM, 6); err != nil {
			b.Fatal(err)
		}
	}
}

// And a text, and a receipt, that come.
func BenchmarkIn(b *testing.B) {
	bridge, err := New(config("127.0.0.1:1"), slogDiscard, registry(), nil)
	if err != nil {
		b.Fatal(err)
	}
	bridge.host = sink{}
	sm := smpp.SM{Source: smpp.Address{TON: 1, NPI: 1, Addr: phone[1:]}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: number[1:]}}
	text, receipt := sm, sm
	text.ShortMessage = []byte(ordinary)
	receipt.ESMClass, receipt.ShortMessage, receipt.TLVs = 4, []byte(appendixB), receiptTLVs("0123", 2)
	for name, m := range map[string]smpp.SM{"text": text, "receipt": receipt} {
		b.Run(name, func(b *testing.B) {
			batch := []*smpp.DeliverSM{{SM: m}}
			b.ReportAllocs()
			for b.Loop() {
				bridge.deliver(b.Context(), bridge.connectors[0], 1, batch, func(f func()) { f() })
			}
		})
	}
}

func BenchmarkBadge(b *testing.B) {
	s, err := New(config("127.0.0.1:1"), slogDiscard, registry(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Badge(phone)
	}
}
