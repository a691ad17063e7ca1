package centre

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// Command ids, states and tags of SMPP v3.4, sections 5.1.2.1, 5.1.3, 5.3.2.
const (
	genericNack    = 0x80000000
	bindReceiver   = 0x00000001
	bindTransmit   = 0x00000002
	submitSM       = 0x00000004
	deliverSM      = 0x00000005
	unbind         = 0x00000006
	bindTransceive = 0x00000009
	enquireLink    = 0x00000015
	response       = 0x80000000

	badPassword = 0x0000000E
	badCommand  = 0x00000003

	tagReceiptedID  = 0x001E
	tagMessageState = 0x0427
	tagPayload      = 0x0424

	udhi = 0x40
)

const (
	headerSize = 16
	maxPDU     = 128 << 10
)

var errPDU = errors.New("centre: malformed PDU")

// pdu is one SMPP PDU as it came.
type pdu struct {
	command, status, seq uint32
	body                 []byte
}

// readPDU reads one PDU into buf, which it returns for the next call.
func readPDU(r io.Reader, buf []byte) (pdu, []byte, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return pdu{}, buf, err
	}
	size := binary.BigEndian.Uint32(h[:])
	if size < headerSize || size > maxPDU {
		return pdu{}, buf, errPDU
	}
	n := int(size) - headerSize
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	_, err := io.ReadFull(r, buf)
	return pdu{
		command: binary.BigEndian.Uint32(h[4:]), status: binary.BigEndian.Uint32(h[8:]),
		seq: binary.BigEndian.Uint32(h[12:]), body: buf,
	}, buf, err
}

// appendPDU appends a PDU with that body.
func appendPDU(b []byte, command, status, seq uint32, body []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(headerSize+len(body)))
	b = binary.BigEndian.AppendUint32(b, command)
	b = binary.BigEndian.AppendUint32(b, status)
	b = binary.BigEndian.AppendUint32(b, seq)
	return append(b, body...)
}

// text is the body of a submit_sm (section 4.4.1).
type text struct {
	source, dest                 []byte
	esmClass, registered, coding byte
	message                      []byte
}

// cut takes fields off a body; bad is set when it ends too early.
type cut struct {
	rest []byte
	bad  bool
}

func (c *cut) string() []byte {
	n := bytes.IndexByte(c.rest, 0)
	if n < 0 {
		c.bad = true
		return nil
	}
	s := c.rest[:n]
	c.rest = c.rest[n+1:]
	return s
}

func (c *cut) bytes(n int) []byte {
	if len(c.rest) < n {
		c.bad = true
		return make([]byte, n)
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

// parseText reads the body of a submit_sm; the fields point into it.
func parseText(body []byte) (text, error) {
	c := cut{rest: body}
	var t text
	c.string() // service_type
	c.bytes(2)
	t.source = c.string()
	c.bytes(2)
	t.dest = c.string()
	t.esmClass = c.bytes(3)[0]
	c.string() // schedule_delivery_time
	c.string() // validity_period
	flags := c.bytes(4)
	t.registered, t.coding = flags[0], flags[2]
	t.message = c.bytes(int(c.bytes(1)[0]))
	for len(c.rest) >= 4 && !c.bad {
		tl := c.bytes(4)
		value := c.bytes(int(binary.BigEndian.Uint16(tl[2:])))
		if binary.BigEndian.Uint16(tl) == tagPayload {
			t.message = value
		}
	}
	if c.bad {
		return t, errPDU
	}
	return t, nil
}

// appendDeliver appends the body of a deliver_sm (section 4.6.1).
func appendDeliver(b []byte, source, dest string, esmClass byte, message []byte) []byte {
	b = append(b, 0, 1, 1)
	b = append(append(b, source...), 0, 1, 1)
	b = append(append(b, dest...), 0, esmClass, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(message)))
	return append(b, message...)
}

func appendTLV(b []byte, tag uint16, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, tag)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}
