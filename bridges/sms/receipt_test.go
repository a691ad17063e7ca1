package sms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
)

// receiptTLVs are the parameters of a receipt.
func receiptTLVs(id string, state byte) smpp.TLVs {
	return smpp.TLVs{
		{Tag: smpp.TagReceiptedMessageID, Value: []byte(id + "\x00")},
		{Tag: smpp.TagMessageState, Value: []byte{state}},
	}
}

const appendixB = "id:0123 sub:001 dlvrd:001 submit date:2601020304 done date:2601020305 stat:DELIVRD err:000 text:hello"

// Receipts as they come (facts/sms.md, section 2.1).
func TestReadReport(t *testing.T) {
	for _, c := range []struct {
		name   string
		coding byte
		text   string
		tlvs   smpp.TLVs
		want   report
	}{
		{"appendix B", 0, appendixB, nil, report{"0123", "DELIVRD", "000"}},
		{"dates with seconds", 0, "id:7 sub:001 dlvrd:000 submit date:260102030405 done date:260102030406 stat:EXPIRED err:27 Text:x", nil, report{"7", "EXPIRED", "27"}},
		{"without sub, dlvrd, err and text", 0, "id:7 submit date:2601020304 done date:2601020304 stat:UNDELIV", nil, report{"7", "UNDELIV", ""}},
		{"uuid", 0, "id:d2b2c3a4-5e6f-4a5b-8c9d-0e1f2a3b4c5d stat:REJECTD err:0", nil, report{"d2b2c3a4-5e6f-4a5b-8c9d-0e1f2a3b4c5d", "REJECTD", "0"}},
		{"fields in the text of the message", 0, "id:7 stat:DELIVRD err:0 text:id:8 stat:EXPIRED", nil, report{"7", "DELIVRD", "0"}},
		{"fields only in the text of the message", 0, "text:id:8 stat:EXPIRED", nil, report{}},
		{"lower case", 0, "ID:7 Stat:delivrd Err:0", nil, report{"7", "DELIVRD", "0"}},
		{"spaces behind colons", 0, "id: 7 stat: DELIVRD", nil, report{"7", "DELIVRD", ""}},
		{"UCS-2", 8, "\x00i\x00d\x00:\x007\x00 \x00s\x00t\x00a\x00t\x00:\x00D\x00E\x00L\x00I\x00V\x00R\x00D", nil, report{"7", "DELIVRD", ""}},
		{"parameters alone", 0, "", receiptTLVs("abc", 2), report{"abc", "DELIVRD", ""}},
		{"both, disagreeing", 0, appendixB, receiptTLVs("abc", 5), report{"abc", "UNDELIV", "000"}},
		{"id in parameters, state in text", 0, appendixB, receiptTLVs("abc", 99), report{"abc", "DELIVRD", "000"}},
		{"nothing", 0, "", nil, report{}},
		{"id with letters that GSM has elsewhere", 0, "id:ab_1$@[2] stat:DELIVRD err:0", nil, report{"ab_1$@[2]", "DELIVRD", "0"}},
		{"id in GSM letters", 0, "id:ab\x111 stat:DELIVRD", nil, report{"ab_1", "DELIVRD", ""}},
		{"id with letters that GSM has elsewhere, control characters in the text", 0, "id:a_1 stat:DELIVRD err:0 text:\x00\x11", nil, report{"a_1", "DELIVRD", "0"}},
		{"NUL at the end", 0, "id:7 err:0 stat:DELIVRD\x00", nil, report{"7", "DELIVRD", "0"}},
		{"ASCII under the name of UCS-2", 8, "id:7 sub:001 dlvrd:001 stat:DELIVRD err:000", nil, report{"7", "DELIVRD", "000"}},
		{"ASCII under the name of UCS-2, odd", 8, "id:77 sub:001 dlvrd:001 stat:UNDELIV err:000", nil, report{"77", "UNDELIV", "000"}},
		{"8-bit data", 4, "id:7 stat:DELIVRD err:000 text:\xe4\x00", nil, report{"7", "DELIVRD", "000"}},
		{"user data header before", 0, "\x05\x00\x03\x7f\x02\x01id:7 stat:DELIVRD", nil, report{"7", "DELIVRD", ""}},
		{"UCS-2 under another name", 0, "\x00i\x00d\x00:\x007\x00 \x00s\x00t\x00a\x00t\x00:\x00D\x00E\x00L\x00I\x00V\x00R\x00D", nil, report{"7", "DELIVRD", ""}},
		{"a long text before", 0, strings.Repeat("x", 200) + " id:7 stat:DELIVRD", nil, report{"7", "DELIVRD", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &smpp.SM{ESMClass: 4, DataCoding: c.coding, ShortMessage: []byte(c.text), TLVs: c.tlvs}
			if got := readReport(m); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestIsReport(t *testing.T) {
	for _, c := range []struct {
		name string
		sm   smpp.SM
		want bool
	}{
		{"receipt", smpp.SM{ESMClass: 0x04}, true},
		{"receipt with other bits", smpp.SM{ESMClass: 0xC7}, true},
		{"on its way", smpp.SM{ESMClass: 0x20}, true},
		{"parameters, but no class", smpp.SM{TLVs: receiptTLVs("1", 2)}, true},
		{"state without an id", smpp.SM{TLVs: receiptTLVs("1", 2)[1:]}, false},
		{"text", smpp.SM{ESMClass: 0x40}, false},
		{"text of an acknowledgement", smpp.SM{ESMClass: 0x08}, false},
	} {
		if got := isReport(&c.sm); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		state string
		final bool
		want  bridges.State
		kind  bridges.Kind
	}{
		{"DELIVRD", true, bridges.Delivered, 0},
		{"DELIVERED", true, bridges.Delivered, 0},
		{"EXPIRED", true, bridges.Failed, bridges.Absent},
		{"UNDELIV", true, bridges.Failed, bridges.NotFound},
		{"FAILED", true, bridges.Failed, bridges.NotFound},
		{"REJECTD", true, bridges.Failed, bridges.Rejected},
		{"DELETED", true, bridges.Failed, bridges.Rejected},
		{"SKIPPED", true, bridges.Failed, bridges.Rejected},
		{"ENROUTE", false, 0, 0},
		{"ACCEPTD", false, 0, 0},
		{"SCHEDULED", false, 0, 0},
		{"UNKNOWN", false, 0, 0},
		{"whatever", false, 0, 0},
		{"", false, 0, 0},
	} {
		o, final := report{state: c.state, code: "27"}.outcome()
		if final != c.final || o.state != c.want || o.kind != c.kind {
			t.Errorf("%s: %+v, %v", c.state, o, final)
		}
		if o.state == bridges.Failed && !strings.Contains(o.text, "27") {
			t.Errorf("%s: %q lacks the code", c.state, o.text)
		}
	}
}

// One id in all the forms that centres give it in plain cases.
func TestMessageID(t *testing.T) {
	for _, group := range [][]string{
		{"0a1b2c05", "A1B2C05", "a1b2c05", "00A1B2C05", " a1b2c05\x00"},
		{"00B8BE19", "b8be19"},
		{"0000", "0", "00"},
		{"18446744073709551616", "0018446744073709551616"},
		{"D2B2C3A4-5e6f", "d2b2c3a4-5E6F"},
	} {
		for _, id := range group {
			if messageID("s", id) != messageID("s", group[0]) {
				t.Errorf("%q is %q, %q is %q", id, messageID("s", id), group[0], messageID("s", group[0]))
			}
		}
	}
	if messageID("one", "1") == messageID("two", "1") || messageID("s", "1") == messageID("s", "10") {
		t.Error("different ids are the same")
	}
}

func FuzzReadReport(f *testing.F) {
	f.Add(byte(0), []byte(appendixB), []byte("1\x00"), []byte{2})
	f.Add(byte(8), []byte("\x00i\x00d"), []byte{}, []byte{9, 9})
	f.Add(byte(0), []byte("0"), []byte("ϕ"), []byte{2})
	f.Fuzz(func(t *testing.T, coding byte, text, id, state []byte) {
		m := &smpp.SM{ESMClass: 4, DataCoding: coding, ShortMessage: text, TLVs: smpp.TLVs{
			{Tag: smpp.TagReceiptedMessageID, Value: id}, {Tag: smpp.TagMessageState, Value: state},
		}}
		r := readReport(m)
		if o, final := r.outcome(); final && o.state == bridges.Failed && o.text == "" {
			t.Errorf("%+v has no words", r)
		}
		ascii := !strings.ContainsFunc(r.id, func(c rune) bool { return c >= 0x80 })
		if ascii && messageID("s", r.id) != messageID("s", strings.ToUpper(r.id)) {
			t.Errorf("case counts in %q", r.id)
		}
	})
}

// What becomes of a batch, without a network.
func TestDeliver(t *testing.T) {
	us := smpp.Address{TON: 1, NPI: 1, Addr: number[1:]}
	them := smpp.Address{TON: 1, NPI: 1, Addr: phone[1:]}
	text := func(from, to smpp.Address) *smpp.DeliverSM {
		return &smpp.DeliverSM{SM: smpp.SM{Source: from, Dest: to, ShortMessage: []byte("text")}}
	}
	receipt := func(from, to smpp.Address, esm byte, text string) *smpp.DeliverSM {
		return &smpp.DeliverSM{SM: smpp.SM{Source: from, Dest: to, ESMClass: esm, ShortMessage: []byte(text)}}
	}
	for _, c := range []struct {
		name   string
		in     *smpp.DeliverSM
		result string
		status smpp.Status
		event  string
	}{
		{"text", text(them, us), inText, smpp.OK, "Message " + phone},
		{"text without plus or type", text(them, smpp.Address{Addr: number[1:]}), inText, smpp.OK, "Message " + phone},
		{"text from a name", text(smpp.Address{TON: 5, Addr: "Shop"}, us), inText, smpp.OK, "Message 53686f70;phone-context=alphanumeric"},
		{"text to nobody", text(us, them), inNobody, smpp.PermanentAppError, ""},
		{"data_sm", &smpp.DeliverSM{Data: true, SM: smpp.SM{Source: them, Dest: us, TLVs: payload("text")}}, inText, smpp.OK, "Message " + phone},
		{"empty text", &smpp.DeliverSM{SM: smpp.SM{Source: them, Dest: us}}, inText, smpp.OK, "Message " + phone},
		{"text that no stanza can hold", &smpp.DeliverSM{SM: smpp.SM{Source: them, Dest: us, DataCoding: 8, ShortMessage: []byte("\x00\x00\x00\x0c\xff\xfe")}}, inText, smpp.OK, "Message " + phone},
		{"part", &smpp.DeliverSM{SM: smpp.SM{Source: them, Dest: us, ShortMessage: []byte("x"), TLVs: sar(1, 2, 1)}}, inPart, smpp.OK, "Part " + phone},
		{"receipt", receipt(them, us, 4, appendixB), inReceipt, smpp.OK, "Receipt " + phone},
		{"receipt with the addresses of the message", receipt(us, them, 4, appendixB), inReceipt, smpp.OK, "Receipt " + phone},
		{"receipt on its way", receipt(them, us, 0x20, appendixB), inOnItsWay, smpp.OK, ""},
		{"receipt of no final state", receipt(them, us, 4, "id:1 stat:ACCEPTD"), inOnItsWay, smpp.OK, ""},
		{"receipt without an id", receipt(them, us, 4, "stat:DELIVRD"), inUnreadable, smpp.OK, ""},
		{"receipt for nobody", receipt(them, them, 4, appendixB), inLost, smpp.OK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBridge(t, config("127.0.0.1:1"))
			h := newHost()
			b.host = h
			got := b.deliver(t.Context(), b.connectors[0], 7, []*smpp.DeliverSM{c.in}, func(f func()) { f() })
			if got[0] != c.status || b.count(c.result) != 1 {
				t.Errorf("status %v, counted %d", got[0], b.count(c.result))
			}
			if e := described(h); e != c.event {
				t.Errorf("the gateway got %q, not %q", e, c.event)
			}
		})
	}
}

// described tells what the gateway got.
func described(h *fakeHost) string {
	if len(h.came) == 0 {
		return ""
	}
	switch e := (<-h.came).Event.(type) {
	case bridges.Message:
		if e.Text != "text" && e.Text != empty {
			return e.Text
		}
		return "Message " + string(e.Chat)
	case bridges.Part:
		return "Part " + string(e.Chat)
	case bridges.Receipt:
		return "Receipt " + string(e.Chat)
	}
	return "?"
}

func TestSubmitErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bridges.Kind
	}{
		{&smpp.StatusError{Status: smpp.Throttling}, bridges.Temporary},
		{&smpp.StatusError{Status: smpp.QueueFull}, bridges.Temporary},
		{&smpp.StatusError{Status: smpp.SystemError}, bridges.Temporary},
		{&smpp.StatusError{Status: smpp.InvalidDest}, bridges.NotFound},
		{&smpp.StatusError{Status: statusDestTON}, bridges.NotFound},
		{&smpp.StatusError{Status: smpp.InvalidSource}, bridges.Rejected},
		{&smpp.StatusError{Status: smpp.SubmitFailed}, bridges.Rejected},
		{&smpp.StatusError{Status: 0x1234}, bridges.Rejected},
		{&smpp.StatusError{Status: statusMessageLength}, bridges.TooLong},
		{fmt.Errorf("wrapped: %w", smpp.ErrNotBound), bridges.Temporary},
		{fmt.Errorf("wrapped: %w", smpp.ErrUnknown), bridges.Unknown},
		{smpp.ErrInvalid, bridges.Rejected},
		{context.Canceled, bridges.Temporary},
		{errors.New("else"), bridges.Unknown},
	} {
		if e := submitError(c.err); e.Kind != c.want || e.Text == "" || !errors.Is(e, c.err) {
			t.Errorf("%v is %+v", c.err, e)
		}
	}
}
