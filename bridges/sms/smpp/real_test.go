package smpp_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"causeway/bridges/sms/smpp"
	"causeway/cmd/lab"
)

// said is what the scripts of testdata say.
type said struct {
	Port    int
	Submit  *received
	Answer  *smpp.Status
	Unbound bool
}

// received is a submit as the centre understands it. Text is in hexadecimal.
type received struct {
	From, To, Text               string
	TON, ESM, Coding, Registered int
	SAR                          []int
}

// patience bounds what should take milliseconds.
const patience = 30 * time.Second

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

func (m *mailbox) Deliver(_ context.Context, _ uint64, batch []*smpp.DeliverSM) []smpp.Status {
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

// centres are SMS centres that others wrote.
var centres = map[string]func(*testing.T) *lab.Lines{
	"node-smpp": func(t *testing.T) *lab.Lines { return lab.Node(t, "testdata/centre.js") },
	"Net::SMPP": func(t *testing.T) *lab.Lines { return lab.Perl(t, "testdata/centre.pl") },
}

// eachCentre runs a test with each of them.
func eachCentre(t *testing.T, test func(t *testing.T, l *lab.Lines, address string)) {
	for name, open := range centres {
		t.Run(name, func(t *testing.T) {
			l := open(t)
			var s said
			l.Hear(&s)
			test(t, l, fmt.Sprint("127.0.0.1:", s.Port))
		})
	}
}

func submit(t *testing.T, c *smpp.Client, m *smpp.SubmitSM) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return c.Submit(ctx, m)
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
		want   received
	}{
		"plain":    {func(m *smpp.SubmitSM) {}, received{Coding: 1, Text: "68656c6c6f"}},
		"UCS-2":    {func(m *smpp.SubmitSM) { m.DataCoding, m.ShortMessage = 8, []byte("\x01\x7e\x20\xac\xd8\x3d\xde\x00") }, received{Coding: 8, Text: "017e20acd83dde00"}},
		"a header": {func(m *smpp.SubmitSM) { m.ESMClass, m.DataCoding, m.ShortMessage = 0x43, 4, []byte(udh+"\xff\x00") }, received{ESM: 0x43, Coding: 4, Text: "0500032a0201ff00"}},
		"a report": {func(m *smpp.SubmitSM) { m.RegisteredDelivery = 0x11 }, received{Coding: 1, Registered: 0x11, Text: "68656c6c6f"}},
		"a name":   {func(m *smpp.SubmitSM) { m.Source = smpp.Address{TON: 5, Addr: "My Bank"} }, received{From: "My Bank", TON: 5, Coding: 1, Text: "68656c6c6f"}},
		"a payload": {func(m *smpp.SubmitSM) {
			m.DataCoding, m.ShortMessage = 4, nil
			m.TLVs = smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte(strings.Repeat("x", 300))}}
		}, received{Coding: 4, Text: strings.Repeat("78", 300)}},
		"segments": {func(m *smpp.SubmitSM) {
			m.TLVs = smpp.TLVs{
				{Tag: smpp.TagSARRef, Value: []byte{1, 2}},
				{Tag: smpp.TagSARTotal, Value: []byte{3}},
				{Tag: smpp.TagSARSegment, Value: []byte{1}},
			}
		}, received{Coding: 1, Text: "68656c6c6f", SAR: []int{0x102, 3, 1}}},
	}
	eachCentre(t, func(t *testing.T, l *lab.Lines, address string) {
		c := run(t, config(address), newMailbox())
		n := 0
		for name, test := range cases {
			m := text("hello")
			test.change(m)
			id, err := submit(t, c, m)
			if n++; err != nil || id != fmt.Sprintf("%08x", n) {
				t.Errorf("%s: id %q, %v", name, id, err)
			}
			want := test.want
			if want.To = "12025550100"; want.From == "" {
				want.From, want.TON = "12025550199", 1
			}
			var s said
			if l.Hear(&s); !reflect.DeepEqual(*s.Submit, want) {
				t.Errorf("%s:\n got %+v\nwant %+v", name, *s.Submit, want)
			}
		}
	})
}

func TestRealRefusals(t *testing.T) {
	eachCentre(t, func(t *testing.T, l *lab.Lines, address string) {
		c := run(t, config(address), newMailbox())
		var status *smpp.StatusError
		if _, err := submit(t, c, text("refuse")); !errors.As(err, &status) || status.Status != smpp.InvalidDest {
			t.Errorf("refuse: %v", err)
		}
		if id, err := submit(t, c, text("throttle")); err != nil || id != "00000001" {
			t.Errorf("throttle: %q, %v", id, err)
		}
	})
}

func TestRealDeliver(t *testing.T) {
	eachCentre(t, func(t *testing.T, l *lab.Lines, address string) {
		h := newMailbox()
		c := run(t, config(address), h)
		id, err := submit(t, c, text("deliver"))
		if err != nil {
			t.Fatal(err)
		}
		l.Hear(&said{})
		receipt, message, data := get(t, h.messages), get(t, h.messages), get(t, h.messages)
		named, _ := receipt.TLVs.CString(smpp.TagReceiptedMessageID)
		state, _ := receipt.TLVs.Uint(smpp.TagMessageState)
		if receipt.ESMClass&smpp.ESMTypeMask != smpp.ESMReceipt || named != id || state != 2 ||
			!strings.HasPrefix(string(receipt.Payload()), "id:"+id+" ") {
			t.Errorf("receipt %+v", receipt)
		}
		if got := hex.EncodeToString(message.Payload()); message.DataCoding != 8 || got != "017e006c00750165002020ac" ||
			message.Source.Addr != "12025550100" || message.Dest.Addr != "12025550199" {
			t.Errorf("message %+v, text %s", message, got)
		}
		if !data.Data || data.DataCoding != 1 || string(data.Payload()) != "payload" {
			t.Errorf("data_sm %+v", data)
		}
		for range 3 {
			var s said
			if l.Hear(&s); s.Answer == nil || *s.Answer != smpp.OK {
				t.Errorf("the centre heard %+v", s)
			}
			get(t, h.answered) // no other traffic is needed for that: TCP tells
		}
	})
}

func TestRealUnbind(t *testing.T) {
	eachCentre(t, func(t *testing.T, l *lab.Lines, address string) {
		h := newMailbox()
		c := smpp.New(config(address), h)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		get(t, h.bound)
		cancel()
		if err := get(t, ended); err != nil {
			t.Error(err)
		}
		var s said
		if l.Hear(&s); !s.Unbound {
			t.Errorf("the centre heard %+v", s)
		}
	})
}

// The client binds again after the centre has ended the bind, in order or not.
func TestRealRebind(t *testing.T) {
	for _, word := range []string{"unbind", "reset"} {
		t.Run(word, func(t *testing.T) {
			eachCentre(t, func(t *testing.T, l *lab.Lines, address string) {
				h := newMailbox()
				c := run(t, config(address), h)
				if _, err := submit(t, c, text(word)); err != nil && !errors.Is(err, smpp.ErrUnknown) {
					t.Error(err)
				}
				get(t, h.bound)
				if id, err := submit(t, c, text("again")); err != nil || id != "00000002" {
					t.Errorf("again: %q, %v", id, err)
				}
			})
		})
	}
}

func TestRealCheck(t *testing.T) {
	eachCentre(t, func(t *testing.T, l *lab.Lines, address string) {
		cfg := config(address)
		cfg.Password = "wrong"
		if err := smpp.Check(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "wrong password") {
			t.Errorf("wrong password: %v", err)
		}
		cfg.Password = "secret"
		if err := smpp.Check(t.Context(), cfg); err != nil {
			t.Error(err)
		}
		var s said
		if l.Hear(&s); !s.Unbound {
			t.Errorf("the centre heard %+v", s)
		}
	})
}
