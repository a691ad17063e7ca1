package smpp

import (
	"bytes"
	"testing"

	gosmpp "github.com/linxGnu/gosmpp/pdu"
)

// FuzzOracle compares our reading of a deliver_sm and data_sm with gosmpp's,
// and our submit_sm with what gosmpp reads in it.
func FuzzOracle(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s[min(headerSize, len(s)):])
	}
	f.Add(unhex(f, dataHex))
	f.Fuzz(func(t *testing.T, body []byte) {
		compare(t, cmdDeliver, decodeSM, body)
		compare(t, cmdSubmit, decodeSM, body)
		compare(t, cmdData, decodeData, body)
	})
}

func compare(t *testing.T, c command, decode func(*SM, []byte) Status, body []byte) {
	var m SM
	bad := decode(&m, body)
	if bad == InvalidSource || bad == InvalidDest {
		return // gosmpp has no bound for addresses
	}
	if len(body) > 4000 || m.ESMClass&ESMUDHI != 0 {
		return // gosmpp reads user data headers, and refuses the message for a bad one
	}
	if c == cmdSubmit && bad == OK {
		body = appendSM(nil, &m) // what we would write
	}
	theirs, err := gosmpp.Parse(bytes.NewReader(end(append(begin(nil, c, OK, 1), body...), 0)))
	if (bad == OK) != (err == nil) && bad != InvalidTLVLength { // gosmpp's lengths have a sign
		t.Errorf("command %#x: ours %v, theirs %v", uint32(c), bad, err)
	}
	if bad != OK || err != nil {
		return
	}
	got, options := read(t, theirs)
	same(t, c, &m, got, options)
}

// read gives the fields as gosmpp understands them.
func read(t *testing.T, p gosmpp.PDU) (SM, map[gosmpp.Tag]gosmpp.Field) {
	switch p := p.(type) {
	case *gosmpp.DeliverSM:
		return SM{
			p.ServiceType, address(p.SourceAddr), address(p.DestAddr), p.EsmClass, p.ProtocolID, p.PriorityFlag,
			p.ScheduleDeliveryTime, p.ValidityPeriod, p.RegisteredDelivery, p.ReplaceIfPresentFlag,
			coding(p.Message), p.Message.SmDefaultMsgID, octets(t, p.Message), nil,
		}, p.OptionalParameters
	case *gosmpp.SubmitSM:
		return SM{
			p.ServiceType, address(p.SourceAddr), address(p.DestAddr), p.EsmClass, p.ProtocolID, p.PriorityFlag,
			p.ScheduleDeliveryTime, p.ValidityPeriod, p.RegisteredDelivery, p.ReplaceIfPresentFlag,
			coding(p.Message), p.Message.SmDefaultMsgID, octets(t, p.Message), nil,
		}, p.OptionalParameters
	case *gosmpp.DataSM:
		return SM{
			ServiceType: p.ServiceType, Source: address(p.SourceAddr), Dest: address(p.DestAddr),
			ESMClass: p.EsmClass, RegisteredDelivery: p.RegisteredDelivery, DataCoding: p.DataCoding,
		}, p.OptionalParameters
	}
	t.Fatalf("it is a %T", p)
	return SM{}, nil
}

func address(a gosmpp.Address) Address { return Address{a.Ton(), a.Npi(), a.Address()} }

// coding is 0xFF for what gosmpp does not know.
func coding(m gosmpp.ShortMessage) byte {
	if e := m.Encoding(); e != nil {
		return e.DataCoding()
	}
	return 0xFF
}

func octets(t *testing.T, m gosmpp.ShortMessage) []byte {
	b, err := m.GetMessageData()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same compares; of a parameter that comes twice, gosmpp keeps the last.
func same(t *testing.T, c command, ours *SM, theirs SM, options map[gosmpp.Tag]gosmpp.Field) {
	if theirs.DataCoding == 0xFF {
		theirs.DataCoding = ours.DataCoding
	}
	if ours.ServiceType != theirs.ServiceType || ours.Source != theirs.Source || ours.Dest != theirs.Dest ||
		ours.ESMClass != theirs.ESMClass || ours.ProtocolID != theirs.ProtocolID || ours.Priority != theirs.Priority ||
		ours.ScheduleTime != theirs.ScheduleTime || ours.Validity != theirs.Validity ||
		ours.RegisteredDelivery != theirs.RegisteredDelivery || ours.ReplaceIfPresent != theirs.ReplaceIfPresent ||
		ours.DataCoding != theirs.DataCoding || ours.DefaultMessageID != theirs.DefaultMessageID ||
		!bytes.Equal(ours.ShortMessage, theirs.ShortMessage) {
		t.Errorf("command %#x:\n  ours %+v\ntheirs %+v", uint32(c), *ours, theirs)
	}
	last := map[gosmpp.Tag][]byte{}
	for _, p := range ours.TLVs {
		last[gosmpp.Tag(p.Tag)] = p.Value
	}
	for tag, v := range last {
		if f, ok := options[tag]; !ok || !bytes.Equal(f.Data, v) {
			t.Errorf("parameter %#x: ours %x, theirs %x", uint16(tag), v, f.Data)
		}
	}
	if len(options) != len(last) {
		t.Errorf("ours %v, theirs %v", last, options)
	}
}
