package smsc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Commands, of SMPP v3.4, section 5.1.2.1.
const (
	cmdNack            = 0x80000000
	cmdBindReceiver    = 0x00000001
	cmdBindTransmitter = 0x00000002
	cmdSubmit          = 0x00000004
	cmdDeliver         = 0x00000005
	cmdUnbind          = 0x00000006
	cmdBindTransceiver = 0x00000009
	cmdEnquireLink     = 0x00000015
	cmdReply           = 0x80000000 // set in answers
)

// Statuses, of section 5.1.3.
const (
	statusOK          = 0x00
	statusBadLength   = 0x02
	statusBadCommand  = 0x03
	statusNotBound    = 0x04
	statusBadPassword = 0x0E
	statusQueueFull   = 0x14
	statusThrottled   = 0x58
	statusTemporary   = 0x64
	statusBadNumber   = 0x0B
)

// Optional parameters, of section 5.3.2.
const (
	tagReceiptedID = 0x001E
	tagSARRef      = 0x020C
	tagSARTotal    = 0x020E
	tagSARSequence = 0x020F
	tagPayload     = 0x0424
	tagState       = 0x0427
)

const (
	headerSize = 16
	maxPDU     = 64 << 10

	esmReceipt = 0x04 // the text is a delivery receipt
	esmHeader  = 0x40 // it begins with a user data header
)

var errMalformed = errors.New("malformed PDU")

// pdu is one protocol data unit.
type pdu struct {
	command, status, sequence uint32
	body                      []byte
}

// read reads one PDU. It allocates no more than what a length that is allowed
// can ask for.
func read(r io.Reader) (pdu, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return pdu{}, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < headerSize || n > maxPDU {
		return pdu{}, fmt.Errorf("%w: length %d", errMalformed, n)
	}
	p := pdu{
		command: binary.BigEndian.Uint32(head[4:]), status: binary.BigEndian.Uint32(head[8:]),
		sequence: binary.BigEndian.Uint32(head[12:]), body: make([]byte, n-headerSize),
	}
	_, err := io.ReadFull(r, p.body)
	return p, err
}

// bytes returns the PDU as it goes over the wire.
func (p pdu) bytes() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(headerSize+len(p.body)))
	b = binary.BigEndian.AppendUint32(b, p.command)
	b = binary.BigEndian.AppendUint32(b, p.status)
	b = binary.BigEndian.AppendUint32(b, p.sequence)
	return append(b, p.body...)
}

// answer returns the response to p.
func (p pdu) answer(status uint32, body []byte) pdu {
	return pdu{command: p.command | cmdReply, status: status, sequence: p.sequence, body: body}
}

// fields takes a body apart. After a field that is not there all are empty and
// err is set.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) octets(n int) []byte {
	if f.err != nil || len(f.rest) < n {
		f.err = errMalformed
		return make([]byte, n)
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) octet() byte { return f.octets(1)[0] }

// text takes a C-octet string off.
func (f *fields) text() string {
	n := bytes.IndexByte(f.rest, 0)
	if f.err != nil || n < 0 {
		f.err = errMalformed
		return ""
	}
	s := string(f.rest[:n])
	f.rest = f.rest[n+1:]
	return s
}

// options takes the optional parameters off. Of one that comes twice the last
// counts.
func (f *fields) options() map[uint16][]byte {
	o := map[uint16][]byte{}
	for len(f.rest) > 0 && f.err == nil {
		tag := binary.BigEndian.Uint16(f.octets(2))
		size := int(binary.BigEndian.Uint16(f.octets(2)))
		if size > len(f.rest) {
			f.err = errMalformed
			break
		}
		o[tag] = f.octets(size)
	}
	return o
}

// short is a submit_sm or deliver_sm (sections 4.4.1, 4.6.1). They have the
// same fields.
type short struct {
	from, to   address
	esm        byte
	registered byte
	coding     byte
	data       []byte
	options    map[uint16][]byte
}

// address is a number with its type.
type address struct {
	ton, npi byte
	digits   string
}

func (f *fields) address() address {
	return address{ton: f.octet(), npi: f.octet(), digits: f.text()}
}

func parseShort(body []byte) (short, error) {
	f := fields{rest: body}
	f.text() // service_type
	s := short{from: f.address(), to: f.address()}
	s.esm = f.octet()
	f.octets(2) // protocol_id, priority_flag
	f.text()    // schedule_delivery_time
	f.text()    // validity_period
	s.registered = f.octet()
	f.octet() // replace_if_present_flag
	s.coding = f.octet()
	f.octet() // sm_default_msg_id
	s.data = f.octets(int(f.octet()))
	s.options = f.options()
	if payload, ok := s.options[tagPayload]; ok && len(s.data) == 0 {
		s.data = payload
	}
	return s, f.err
}

// body returns the fields of a deliver_sm. Its data is at most 255 octets.
func (s short) body() []byte {
	b := []byte{0}
	for _, a := range []address{s.from, s.to} {
		b = append(append(append(b, a.ton, a.npi), a.digits...), 0)
	}
	b = append(b, s.esm, 0, 0, 0, 0, 0, 0, s.coding, 0, byte(len(s.data)))
	b = append(b, s.data...)
	for _, tag := range []uint16{tagReceiptedID, tagState} {
		if v, ok := s.options[tag]; ok {
			b = binary.BigEndian.AppendUint16(b, tag)
			b = binary.BigEndian.AppendUint16(b, uint16(len(v)))
			b = append(b, v...)
		}
	}
	return b
}
