package smpp

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The octets of these PDUs were written out by hand from the specification.
const (
	submitHex = "0000003a" + "00000004" + "00000000" + "00000007" + // header
		"00" + "0101" + "3132303200" + "0001" + "3437313100" + // service_type, 1202, 4711
		"43" + "00" + "01" + "00" + "00" + // esm_class, protocol_id, priority, times
		"11" + "00" + "08" + "00" + // registered_delivery, replace, data_coding, default id
		"06" + "050003010201" + // UDH
		"020c" + "0002" + "1234" + "1400" + "0001" + "ff" // sar_msg_ref_num, a vendor's own
	dataHex = "434d5400" + "0500" + "62616e6b00" + "0101" + "3132303200" +
		"04" + "00" + "00" + "001e" + "0003" + "616200" + "0427" + "0001" + "02" + "0424" + "0002" + "6869"
)

func submitted() *SubmitSM {
	return &SubmitSM{
		Source: Address{1, 1, "1202"}, Dest: Address{0, 1, "4711"},
		ESMClass: 0x43, Priority: 1, RegisteredDelivery: 0x11, DataCoding: 8,
		ShortMessage: []byte{5, 0, 3, 1, 2, 1},
		TLVs:         TLVs{{TagSARRef, []byte{0x12, 0x34}}, {0x1400, []byte{0xff}}},
	}
}

func TestEncode(t *testing.T) {
	cases := []struct {
		name string
		got  []byte
		want string
	}{
		{"submit_sm", appendSubmit(nil, submitted(), 7), submitHex},
		{
			"bind_transceiver", appendBind(nil, &Config{SystemID: "me", Password: "pw", SystemType: "t"}, 1),
			"0000001c0000000900000000000000016d65007077007400" + "34000000",
		},
		{"enquire_link", appendBare(nil, cmdEnquireLink, OK, maxSeq), "0000001000000015000000007fffffff"},
		{"generic_nack", appendBare(nil, cmdNack, InvalidCommand, 2), "00000010800000000000000300000002"},
		{"deliver_sm_resp", appendDelivered(nil, cmdDeliver, 0xC2, 3), "0000001180000005000000c20000000300"},
		{"data_sm_resp", appendDelivered(nil, cmdData, OK, 3), "0000001180000103000000000000000300"},
	}
	for _, c := range cases {
		if !bytes.Equal(c.got, unhex(t, c.want)) {
			t.Errorf("%s:\n got %x\nwant %s", c.name, c.got, c.want)
		}
		// behind others in the same buffer, too
		if c.name == "submit_sm" && !bytes.Equal(appendSubmit([]byte{1, 2}, submitted(), 7)[2:], c.got) {
			t.Error("submit_sm depends on its place")
		}
	}
}

func TestDecodeDeliver(t *testing.T) {
	b := unhex(t, submitHex)
	b[7] = byte(cmdDeliver)
	p, size, err := scan(b)
	if err != nil || size != len(b) || p.sequence != 7 {
		t.Fatalf("scan: %+v, %d, %v", p, size, err)
	}
	d, bad := decodeDelivery(p)
	clear(b) // the message must not rest on the buffer
	want := submitted()
	if bad != OK || d.Source != want.Source || d.Dest != want.Dest || d.ESMClass != want.ESMClass ||
		d.RegisteredDelivery != want.RegisteredDelivery || d.DataCoding != 8 || !bytes.Equal(d.Payload(), want.ShortMessage) {
		t.Errorf("got %+v, %v", d, bad)
	}
	if v, ok := d.TLVs.Uint(TagSARRef); !ok || v != 0x1234 {
		t.Errorf("sar_msg_ref_num %#x, %v", v, ok)
	}
	if v, ok := d.TLVs.Get(0x1400); !ok || !bytes.Equal(v, []byte{0xff}) {
		t.Errorf("the vendor's own %x, %v", v, ok)
	}
}

func TestDecodeData(t *testing.T) {
	d, bad := decodeDelivery(pdu{command: cmdData, body: unhex(t, dataHex)})
	if bad != OK || !d.Data || d.ServiceType != "CMT" || d.Source != (Address{5, 0, "bank"}) ||
		d.ESMClass&ESMTypeMask != ESMReceipt || string(d.Payload()) != "hi" {
		t.Errorf("got %+v, %v", d, bad)
	}
	if id, ok := d.TLVs.CString(TagReceiptedMessageID); !ok || id != "ab" {
		t.Errorf("receipted_message_id %q, %v", id, ok)
	}
	if s, ok := d.TLVs.Uint(TagMessageState); !ok || s != 2 {
		t.Errorf("message_state %d, %v", s, ok)
	}
}

func TestTLVs(t *testing.T) {
	var none TLVs
	long := TLVs{{TagMessageState, []byte("abcde")}, {TagReceiptedMessageID, nil}, {TagSARTotal, []byte{1}}, {TagSARTotal, []byte{2}}}
	if _, ok := none.CString(TagReceiptedMessageID); ok {
		t.Error("a string out of nothing")
	}
	if _, ok := long.Uint(TagMessageState); ok {
		t.Error("an integer of five octets")
	}
	if s, ok := long.CString(TagReceiptedMessageID); !ok || s != "" {
		t.Errorf("empty string: %q, %v", s, ok)
	}
	if v, _ := long.Uint(TagSARTotal); v != 1 {
		t.Errorf("the first of two is %d", v)
	}
}

// Every field counts for the fingerprint, and the sequence number does not.
func TestFingerprint(t *testing.T) {
	spoil := []func(*DeliverSM){
		func(d *DeliverSM) {},
		func(d *DeliverSM) { d.Data = true },
		func(d *DeliverSM) { d.ServiceType = "X" },
		func(d *DeliverSM) { d.Source.TON++ },
		func(d *DeliverSM) { d.Source.NPI++ },
		func(d *DeliverSM) { d.Source.Addr += "0" },
		func(d *DeliverSM) { d.Dest.TON++ },
		func(d *DeliverSM) { d.Dest.NPI++ },
		func(d *DeliverSM) { d.Dest.Addr += "0" },
		func(d *DeliverSM) { d.ESMClass ^= 0x80 },
		func(d *DeliverSM) { d.ProtocolID++ },
		func(d *DeliverSM) { d.Priority++ },
		func(d *DeliverSM) { d.ScheduleTime = "a" },
		func(d *DeliverSM) { d.Validity = "a" },
		func(d *DeliverSM) { d.RegisteredDelivery++ },
		func(d *DeliverSM) { d.ReplaceIfPresent++ },
		func(d *DeliverSM) { d.DataCoding++ },
		func(d *DeliverSM) { d.DefaultMessageID++ },
		func(d *DeliverSM) { d.ShortMessage = append(d.ShortMessage, 'x') },
		func(d *DeliverSM) { d.TLVs = d.TLVs[:1] },
		func(d *DeliverSM) { d.TLVs[0].Tag++ },
		func(d *DeliverSM) { d.TLVs[0].Value = []byte{9, 9} },
	}
	seen := map[string]int{}
	for i, f := range spoil {
		d := &DeliverSM{SM: *submitted()}
		f(d)
		print := d.Fingerprint()
		if other, ok := seen[print]; ok || len(print) != 32 {
			t.Errorf("%d and %d: %q", i, other, print)
		}
		seen[print] = i
	}
	a := DeliverSM{SM: *submitted()}
	b := a
	if a.Fingerprint() != b.Fingerprint() {
		t.Error("equal messages differ")
	}
}

func TestStatus(t *testing.T) {
	classes := map[Status]Class{
		OK: Accept, Throttling: Throttle, QueueFull: Throttle, SystemError: Temporary, TemporaryAppError: Temporary,
		NotBound: Temporary, InvalidSource: Permanent, InvalidDest: Permanent, SubmitFailed: Permanent, 0x0400: Permanent,
	}
	for s, want := range classes {
		if got := s.Class(); got != want {
			t.Errorf("%v: class %d, want %d", s, got, want)
		}
	}
	if s := Status(0x58).String(); s != "0x58 (throttled)" {
		t.Error(s)
	}
	if s := Status(0x0401).String(); s != "0x401" {
		t.Error(s)
	}
}

func TestLedger(t *testing.T) {
	l := ledger{sequence: 1, asked: map[uint32]*request{}, queued: 30, written: 30, read: 30}
	a, b, c := []*DeliverSM{{}}, []*DeliverSM{{}}, []*DeliverSM{{}}
	l.owe(a, 17) // up to 47
	l.owe(b, 17) // up to 64
	l.record(&request{command: cmdSubmit}, l.next(), 100, time.Time{})
	l.owe(c, 17) // up to 181
	steps := []struct {
		name string
		do   func()
		wire uint64 // acknowledged by TCP
		want int
	}{
		{"nothing written", func() {}, 1000, 0},
		{"half of b written", func() { l.wrote(20, 50) }, 49, 0},
		{"a acknowledged", func() {}, 50, 1},
		{"the request is answered", func() { l.answered(pdu{command: cmdSubmit | response, sequence: 2}) }, 50, 1},
		{"the rest written", func() { l.wrote(131, 181) }, 180, 0},
		{"c acknowledged", func() {}, 181, 1},
	}
	for _, s := range steps {
		s.do()
		if got := l.arrived(s.wire); len(got) != s.want {
			t.Errorf("%s: %d arrived, want %d", s.name, len(got), s.want)
		}
	}
}

// What TLS wrote before it failed is not known: it may have arrived and it
// does not count.
func TestLedgerAfterFailure(t *testing.T) {
	l := ledger{asked: map[uint32]*request{}}
	l.owe([]*DeliverSM{{}}, 17)
	l.wrote(17, 0)
	if l.written != 17 || len(l.arrived(1<<40)) != 0 {
		t.Errorf("%+v", l)
	}
}
