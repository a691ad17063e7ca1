package sms

import (
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/cmd/handset/smsc"
)

func TestTextAndReceipt(t *testing.T) {
	for state, want := range map[smsc.State]struct {
		state bridges.State
		kind  bridges.Kind
	}{
		smsc.Delivered:     {state: bridges.Delivered},
		smsc.Undeliverable: {bridges.Failed, bridges.NotFound},
		smsc.Expired:       {bridges.Failed, bridges.Absent},
		smsc.Rejected:      {bridges.Failed, bridges.Rejected},
	} {
		t.Run(string(state), func(t *testing.T) {
			r := newRig(t)
			ids, err := r.session(t).Send(t.Context(), message("hello"))
			if err != nil || len(ids) != 1 {
				t.Fatal(ids, err)
			}
			x := next(t, r.texts)
			if x.Body != "hello" || x.From != number || x.To != phone {
				t.Errorf("the phone has %+v", x)
			}
			answer := make(chan error, 1)
			if err := r.centre.Report(x, state, func(err error) { answer <- err }); err != nil {
				t.Fatal(err)
			}
			if err := next(t, answer); err != nil {
				t.Error(err)
			}
			d := next(t, r.host.came)
			e := d.Event.(bridges.Receipt)
			if e.ID != ids[0] || e.Chat != phone || e.State != want.state || d.Account != alice || d.Once != "" {
				t.Errorf("the receipt is %+v in %+v", e, d)
			}
			if want.state == bridges.Failed && (e.Reason == nil || e.Reason.Kind != want.kind || e.Reason.Text == "") {
				t.Errorf("the reason is %+v", e.Reason)
			}
		})
	}
}

func TestLongTextOut(t *testing.T) {
	r := newRig(t)
	text := strings.Repeat("häßlich {€} ", 25)
	ids, err := r.session(t).Send(t.Context(), message(text))
	if err != nil || len(ids) != 3 {
		t.Fatal(ids, err)
	}
	x := next(t, r.texts)
	if x.Body != text || len(x.IDs) != 3 {
		t.Errorf("the phone has %+v", x)
	}
	if err := r.centre.Report(x, smsc.Delivered, func(error) {}); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if e := next(t, r.host.came).Event.(bridges.Receipt); e.ID != id {
			t.Errorf("a receipt for %s, not %s", e.ID, id)
		}
	}
}

// The centre sends each part when the one before it was answered.
func TestLongTextInOneByOne(t *testing.T) {
	r := newRig(t)
	text := strings.Repeat("ein längerer Text 🙂 ", 12)
	answer := make(chan error, 1)
	if err := r.centre.Send(phone, number, text, func(err error) { answer <- err }); err != nil {
		t.Fatal(err)
	}
	if err := next(t, answer); err != nil {
		t.Fatal(err)
	}
	var parts []bridges.Part
	for len(parts) == 0 || len(parts) < int(parts[0].Total) {
		parts = append(parts, next(t, r.host.came).Event.(bridges.Part))
	}
	if m := r.Assemble(parts); m.Text != text || m.Chat != phone || m.From != phone {
		t.Errorf("%d parts became %+v", len(parts), m)
	}
}

func TestTextIn(t *testing.T) {
	r := newRig(t)
	if err := r.centre.Send(phone, number, "héllo 🙂", func(error) {}); err != nil {
		t.Fatal(err)
	}
	d := next(t, r.host.came)
	e := d.Event.(bridges.Message)
	if e.Text != "héllo 🙂" || e.Chat != phone || e.From != phone || d.Account != alice || d.Once == "" || d.Stream == 0 {
		t.Errorf("came %+v", d)
	}
}

func TestTextToNobody(t *testing.T) {
	r := newRig(t)
	answer := make(chan error, 1)
	if err := r.centre.Send(phone, "+12025550197", "hello", func(err error) { answer <- err }); err != nil {
		t.Fatal(err)
	}
	if err := next(t, answer); err != smsc.Refused(0x65) {
		t.Errorf("the centre was told %v", err)
	}
	if n := r.count(inNobody); n != 1 {
		t.Errorf("%d were counted", n)
	}
}

func TestGatewayThatCannotTakeMore(t *testing.T) {
	r := newRig(t)
	r.host.fail(&bridges.Error{Kind: bridges.Temporary, Text: "Too much."})
	answer := make(chan error, 1)
	if err := r.centre.Send(phone, number, "hello", func(err error) { answer <- err }); err != nil {
		t.Fatal(err)
	}
	next(t, r.host.refused)
	r.host.fail(nil)
	if err := next(t, answer); err != nil {
		t.Error(err)
	}
	if e := next(t, r.host.came).Event.(bridges.Message); e.Text != "hello" {
		t.Errorf("came %+v", e)
	}
}
