package smpp_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"causeway/bridges/sms/smpp"
	"causeway/cmd/lab"
)

// patience bounds what should take milliseconds.
const patience = time.Minute

// mailbox is a Handler that hands on what it gets.
type mailbox struct {
	bound, answered chan struct{}
	messages        chan *smpp.DeliverSM
}

func newMailbox() *mailbox {
	return &mailbox{
		bound: make(chan struct{}, 100), answered: make(chan struct{}, 100),
		messages: make(chan *smpp.DeliverSM, 100),
	}
}

func (m *mailbox) Bound() { m.bound <- struct{}{} }

func (m *mailbox) Deliver(_ context.Context, _ uint64, batch []*smpp.DeliverSM, _ func(func())) []smpp.Status {
	for _, d := range batch {
		m.messages <- d
	}
	return make([]smpp.Status, len(batch))
}

func (m *mailbox) Answered(_ uint64, batch []*smpp.DeliverSM) {
	for range batch {
		m.answered <- struct{}{}
	}
}

// get receives within patience.
func get[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case v := <-c:
		return v
	case <-late.C:
		t.Fatalf("no %T came", *new(T))
		panic("unreachable")
	}
}

func config(address string) smpp.Config {
	return smpp.Config{Address: address, SystemID: "causeway", Password: "secret", Log: slog.New(slog.DiscardHandler)}
}

// run runs a client until the test ends, and waits for its bind.
func run(t *testing.T, cfg smpp.Config, h *mailbox) *smpp.Client {
	t.Helper()
	c := smpp.New(cfg, h)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	get(t, h.bound)
	return c
}

// eachCentre runs a test with each SMS centre that others wrote.
func eachCentre(t *testing.T, test func(t *testing.T, c *lab.Centre)) {
	for name, with := range lab.Centres {
		t.Run(name, func(t *testing.T) { test(t, lab.StartCentre(t, with, "secret")) })
	}
}

// keys makes each submit one of its own.
var keys atomic.Int64

func submit(t *testing.T, c *smpp.Client, m *smpp.SubmitSM) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return c.Submit(ctx, smpp.Ticket{Key: strconv.FormatInt(keys.Add(1), 10)}, m)
}

func text(s string) *smpp.SubmitSM {
	return &smpp.SubmitSM{
		Source: smpp.Address{TON: 1, NPI: 1, Addr: "12025550199"}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: "12025550100"},
		DataCoding: 1, ShortMessage: []byte(s),
	}
}

func TestRealSubmit(t *testing.T) {
	udh := "\x05\x00\x03\x2a\x02\x01"
	cases := map[string]struct {
		change func(*smpp.SubmitSM)
		want   lab.CentreEvent // From, To, TON and Octets are those of text if empty
	}{
		"plain":    {func(m *smpp.SubmitSM) {}, lab.CentreEvent{Coding: 1}},
		"UCS-2":    {func(m *smpp.SubmitSM) { m.DataCoding, m.ShortMessage = 8, []byte("\x01\x7e\x20\xac\xd8\x3d\xde\x00") }, lab.CentreEvent{Coding: 8, Octets: "017e20acd83dde00"}},
		"a header": {func(m *smpp.SubmitSM) { m.ESMClass, m.DataCoding, m.ShortMessage = 0x43, 4, []byte(udh+"\xff\x00") }, lab.CentreEvent{ESM: 0x43, Coding: 4, Octets: "0500032a0201ff00"}},
		"a report": {func(m *smpp.SubmitSM) { m.RegisteredDelivery = 0x11 }, lab.CentreEvent{Coding: 1, Report: 0x11}},
		"a name":   {func(m *smpp.SubmitSM) { m.Source = smpp.Address{TON: 5, Addr: "My Bank"} }, lab.CentreEvent{From: "My Bank", TON: 5, Coding: 1}},
		"a payload": {func(m *smpp.SubmitSM) {
			m.DataCoding, m.ShortMessage = 4, nil
			m.TLVs = smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte(strings.Repeat("x", 300))}}
		}, lab.CentreEvent{Coding: 4, Octets: strings.Repeat("78", 300)}},
		"segments": {func(m *smpp.SubmitSM) {
			m.TLVs = smpp.TLVs{
				{Tag: smpp.TagSARRef, Value: []byte{1, 2}},
				{Tag: smpp.TagSARTotal, Value: []byte{3}},
				{Tag: smpp.TagSARSegment, Value: []byte{1}},
			}
		}, lab.CentreEvent{Coding: 1, SAR: []int{0x102, 3, 1}}},
	}
	eachCentre(t, func(t *testing.T, centre *lab.Centre) {
		c := run(t, config(centre.Address), newMailbox())
		n := 0
		for name, test := range cases {
			m := text("hello")
			test.change(m)
			id, err := submit(t, c, m)
			if n++; err != nil || id != fmt.Sprintf("%08x", n) {
				t.Errorf("%s: id %q, %v", name, id, err)
			}
			if got, want := centre.Next("submit"), filled(test.want); !sameSubmit(got, want) {
				t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
			}
		}
	})
}

// filled has the fields of text where e has none.
func filled(e lab.CentreEvent) lab.CentreEvent {
	e.To = "12025550100"
	if e.From == "" {
		e.From, e.TON = "12025550199", 1
	}
	if e.Octets == "" {
		e.Octets = "68656c6c6f"
	}
	return e
}

func sameSubmit(a, b lab.CentreEvent) bool {
	return a.From == b.From && a.To == b.To && a.TON == b.TON && a.Octets == b.Octets && a.ESM == b.ESM &&
		a.Coding == b.Coding && a.Report == b.Report && slices.Equal(a.SAR, b.SAR)
}

func TestRealRefusals(t *testing.T) {
	eachCentre(t, func(t *testing.T, centre *lab.Centre) {
		c := run(t, config(centre.Address), newMailbox())
		centre.Fault(int(smpp.InvalidDest))
		var status *smpp.StatusError
		if _, err := submit(t, c, text("refuse")); !errors.As(err, &status) || status.Status != smpp.InvalidDest {
			t.Errorf("refuse: %v", err)
		}
		centre.Next("submit")
		centre.Fault(int(smpp.Throttling))
		id, err := submit(t, c, text("throttle"))
		first, second := centre.Next("submit"), centre.Next("submit")
		if first.Status != int(smpp.Throttling) || second.Status != 0 || err != nil || id != second.ID || id == first.ID {
			t.Errorf("throttle: %q, %v; %+v, %+v", id, err, first, second)
		}
	})
}

func TestRealDeliver(t *testing.T) {
	const phone, number = "12025550100", "12025550199"
	eachCentre(t, func(t *testing.T, centre *lab.Centre) {
		h := newMailbox()
		c := run(t, config(centre.Address), h)
		id, err := submit(t, c, text("deliver"))
		if err != nil {
			t.Fatal(err)
		}
		for what, status := range map[string]int{
			"report":  centre.Report(centre.Next("submit"), true),
			"message": centre.Text(phone, number, "žluť €"),
			"data":    centre.Data(phone, number, "payload"),
		} {
			if status != int(smpp.OK) {
				t.Errorf("%s: answered by %#x", what, status)
			}
		}
		receipt, message, data := get(t, h.messages), get(t, h.messages), get(t, h.messages)
		named, _ := receipt.TLVs.CString(smpp.TagReceiptedMessageID)
		state, _ := receipt.TLVs.Uint(smpp.TagMessageState)
		if receipt.ESMClass&smpp.ESMTypeMask != smpp.ESMReceipt || named != id || state != 2 ||
			!strings.HasPrefix(string(receipt.Payload()), "id:"+id+" ") {
			t.Errorf("receipt %+v", receipt)
		}
		if got := hex.EncodeToString(message.Payload()); message.DataCoding != 8 || got != "017e006c00750165002020ac" ||
			message.Source.Addr != phone || message.Dest.Addr != number {
			t.Errorf("message %+v, text %s", message, got)
		}
		if !data.Data || data.DataCoding != 1 || string(data.Payload()) != "payload" {
			t.Errorf("data_sm %+v", data)
		}
		for range 3 {
			get(t, h.answered) // no other traffic is needed for that: TCP tells
		}
	})
}

func TestRealUnbind(t *testing.T) {
	eachCentre(t, func(t *testing.T, centre *lab.Centre) {
		h := newMailbox()
		c := smpp.New(config(centre.Address), h)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		get(t, h.bound)
		cancel()
		if err := get(t, ended); err != nil {
			t.Error(err)
		}
		centre.Next("unbound")
	})
}

// The client binds again after the centre has ended the bind, in order or not.
func TestRealRebind(t *testing.T) {
	for name, end := range map[string]func(*lab.Centre){"unbind": (*lab.Centre).Unbind, "reset": (*lab.Centre).Reset} {
		t.Run(name, func(t *testing.T) {
			eachCentre(t, func(t *testing.T, centre *lab.Centre) {
				h := newMailbox()
				c := run(t, config(centre.Address), h)
				if id, err := submit(t, c, text("once")); err != nil || id != "00000001" {
					t.Errorf("once: %q, %v", id, err)
				}
				end(centre)
				get(t, h.bound)
				if id, err := submit(t, c, text("again")); err != nil || id != "00000002" {
					t.Errorf("again: %q, %v", id, err)
				}
			})
		})
	}
}

func TestRealCheck(t *testing.T) {
	eachCentre(t, func(t *testing.T, centre *lab.Centre) {
		cfg := config(centre.Address)
		cfg.Password = "wrong"
		if err := smpp.Check(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "wrong password") {
			t.Errorf("wrong password: %v", err)
		}
		cfg.Password = "secret"
		if err := smpp.Check(t.Context(), cfg); err != nil {
			t.Error(err)
		}
		centre.Next("unbound")
	})
}
