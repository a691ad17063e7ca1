package smpp

import (
	"bytes"
	"encoding/binary"
)

// fields takes a body apart. Once a field is not there, bad says with which
// status to answer, and all further fields are empty.
type fields struct {
	rest []byte
	bad  Status
}

func (f *fields) octets(n int) []byte {
	if f.bad != OK || len(f.rest) < n {
		f.fail(InvalidLength)
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) octet() byte {
	if f.bad != OK || len(f.rest) == 0 {
		f.fail(InvalidLength)
		return 0
	}
	o := f.rest[0]
	f.rest = f.rest[1:]
	return o
}

// text takes a C-octet string. A centre that sends more than the
// specification allows is not refused for it.
func (f *fields) text() string {
	n := bytes.IndexByte(f.rest, 0)
	if f.bad != OK || n < 0 {
		f.fail(InvalidLength)
		return ""
	}
	s := string(f.rest[:n])
	f.rest = f.rest[n+1:]
	return s
}

// maxCame is the longest address that is taken, in octets. The specification
// has 20, and 64 in a data_sm; what is much longer would make ids that no user
// could write to.
const maxCame = 255

// address takes an address; bad is for one that is too long.
func (f *fields) address(bad Status) Address {
	a := Address{TON: f.octet(), NPI: f.octet(), Addr: f.text()}
	if len(a.Addr) > maxCame {
		f.fail(bad)
	}
	return a
}

// tlvs takes all that is left as optional parameters.
func (f *fields) tlvs() (t TLVs) {
	for f.bad == OK && len(f.rest) > 0 {
		if len(f.rest) < 4 {
			f.fail(InvalidTLVs)
			break
		}
		tag := Tag(binary.BigEndian.Uint16(f.rest))
		n := int(binary.BigEndian.Uint16(f.rest[2:]))
		if len(f.rest) < 4+n {
			f.fail(InvalidTLVLength)
			break
		}
		t = append(t, TLV{tag, f.rest[4 : 4+n : 4+n]})
		f.rest = f.rest[4+n:]
	}
	return t
}

func (f *fields) fail(s Status) {
	if f.bad == OK {
		f.bad = s
	}
	f.rest = nil
}

// decodeSM reads the body of a deliver_sm or submit_sm into m, which keeps
// parts of body.
func decodeSM(m *SM, body []byte) Status {
	f := fields{rest: body}
	m.ServiceType = f.text()
	m.Source, m.Dest = f.address(InvalidSource), f.address(InvalidDest)
	m.ESMClass, m.ProtocolID, m.Priority = f.octet(), f.octet(), f.octet()
	m.ScheduleTime, m.Validity = f.text(), f.text()
	m.RegisteredDelivery, m.ReplaceIfPresent = f.octet(), f.octet()
	m.DataCoding, m.DefaultMessageID = f.octet(), f.octet()
	m.ShortMessage = f.octets(int(f.octet()))
	m.TLVs = f.tlvs()
	return f.bad
}

// decodeData reads the body of a data_sm into m, which keeps parts of body.
func decodeData(m *SM, body []byte) Status {
	f := fields{rest: body}
	m.ServiceType = f.text()
	m.Source, m.Dest = f.address(InvalidSource), f.address(InvalidDest)
	m.ESMClass, m.RegisteredDelivery, m.DataCoding = f.octet(), f.octet(), f.octet()
	m.TLVs = f.tlvs()
	return f.bad
}

// decodeDelivery reads a deliver_sm or data_sm. The message is independent of
// the PDU's buffer.
func decodeDelivery(p pdu) (*DeliverSM, Status) {
	d := &DeliverSM{Data: p.command == cmdData}
	if d.Data {
		return d, decodeData(&d.SM, bytes.Clone(p.body))
	}
	return d, decodeSM(&d.SM, bytes.Clone(p.body))
}

// decodeID reads the message_id of a submit_sm_resp. The body may be absent,
// and some centres leave the NUL away.
func decodeID(body []byte) string {
	if n := bytes.IndexByte(body, 0); n >= 0 {
		body = body[:n]
	}
	return string(body)
}
