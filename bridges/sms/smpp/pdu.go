package smpp

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// command is a command_id (spec 5.1.2.1).
type command uint32

const (
	cmdNack            command = 0x80000000
	cmdSubmit          command = 0x00000004
	cmdDeliver         command = 0x00000005
	cmdUnbind          command = 0x00000006
	cmdBindTransceiver command = 0x00000009
	cmdOutbind         command = 0x0000000B
	cmdEnquireLink     command = 0x00000015
	cmdAlert           command = 0x00000102
	cmdData            command = 0x00000103

	response command = 0x80000000 // set in every answer
)

const (
	headerSize = 16
	// maxPDU leaves room for a message_payload of 64 KiB and all else.
	maxPDU  = 128 << 10
	maxSeq  = 0x7FFFFFFF
	version = 0x34 // interface_version
)

// errLength says that nothing can be read from this connection any more.
var errLength = errors.New("a PDU of impossible length")

// pdu is one protocol data unit. Its body is only valid until the next read.
type pdu struct {
	command  command
	status   Status
	sequence uint32
	body     []byte
	from, to uint64 // its places, once they are known
}

// outcome returns the status of an answer. A generic_nack is never a success.
func (p pdu) outcome() Status {
	if p.command == cmdNack && p.status == OK {
		return UnknownError
	}
	return p.status
}

// scan takes the first PDU off b; size is 0 when b does not hold all of it.
func scan(b []byte) (p pdu, size int, err error) {
	if len(b) < 4 {
		return pdu{}, 0, nil
	}
	n := binary.BigEndian.Uint32(b)
	if n < headerSize || n > maxPDU {
		return pdu{}, 0, fmt.Errorf("%w (%d)", errLength, n)
	}
	if len(b) < int(n) {
		return pdu{}, 0, nil
	}
	return pdu{
		command:  command(binary.BigEndian.Uint32(b[4:])),
		status:   Status(binary.BigEndian.Uint32(b[8:])),
		sequence: binary.BigEndian.Uint32(b[12:]),
		body:     b[headerSize:n:n],
	}, int(n), nil
}

// begin appends a header whose length end fills in.
func begin(b []byte, c command, s Status, sequence uint32) []byte {
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(c))
	b = binary.BigEndian.AppendUint32(b, uint32(s))
	return binary.BigEndian.AppendUint32(b, sequence)
}

// end writes the length of the PDU that begins at b[start].
func end(b []byte, start int) []byte {
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

// appendBare appends a PDU without a body.
func appendBare(b []byte, c command, s Status, sequence uint32) []byte {
	return end(begin(b, c, s, sequence), len(b))
}

// deliveredSize is the length of what appendDelivered appends.
const deliveredSize = headerSize + 1

// appendDelivered answers a deliver_sm or data_sm: the message_id is unused and
// must be there (spec 4.6.2), also in data_sm_resp (4.7.2).
func appendDelivered(b []byte, c command, s Status, sequence uint32) []byte {
	return end(append(begin(b, c|response, s, sequence), 0), len(b))
}

// appendBind appends a bind_transceiver (spec 4.1.5).
func appendBind(b []byte, c *Config, sequence uint32) []byte {
	start := len(b)
	b = begin(b, cmdBindTransceiver, OK, sequence)
	b = appendText(b, c.SystemID)
	b = appendText(b, string(c.Password))
	b = appendText(b, c.SystemType)
	return end(append(b, version, 0, 0, 0), start) // addr_ton, addr_npi, address_range
}

// appendSubmit appends a submit_sm (spec 4.4.1).
func appendSubmit(b []byte, m *SubmitSM, sequence uint32) []byte {
	return end(appendSM(begin(b, cmdSubmit, OK, sequence), m), len(b))
}

func appendText(b []byte, s string) []byte { return append(append(b, s...), 0) }

func appendAddress(b []byte, a Address) []byte {
	return appendText(append(b, a.TON, a.NPI), a.Addr)
}

// appendSM appends the body that submit_sm and deliver_sm have.
func appendSM(b []byte, m *SM) []byte {
	b = appendText(b, m.ServiceType)
	b = appendAddress(b, m.Source)
	b = appendAddress(b, m.Dest)
	b = append(b, m.ESMClass, m.ProtocolID, m.Priority)
	b = appendText(b, m.ScheduleTime)
	b = appendText(b, m.Validity)
	b = append(b, m.RegisteredDelivery, m.ReplaceIfPresent, m.DataCoding, m.DefaultMessageID)
	b = append(b, byte(len(m.ShortMessage)))
	b = append(b, m.ShortMessage...)
	return appendTLVs(b, m.TLVs)
}

// appendData appends the body of a data_sm (spec 4.7.1).
func appendData(b []byte, m *SM) []byte {
	b = appendText(b, m.ServiceType)
	b = appendAddress(b, m.Source)
	b = appendAddress(b, m.Dest)
	b = append(b, m.ESMClass, m.RegisteredDelivery, m.DataCoding)
	return appendTLVs(b, m.TLVs)
}

func appendTLVs(b []byte, t TLVs) []byte {
	for i := range t {
		b = binary.BigEndian.AppendUint16(b, uint16(t[i].Tag))
		b = binary.BigEndian.AppendUint16(b, uint16(len(t[i].Value)))
		b = append(b, t[i].Value...)
	}
	return b
}
