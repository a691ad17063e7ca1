package smpp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Address is a number with its type (spec 5.2.5, 5.2.6).
type Address struct {
	TON, NPI byte
	Addr     string // at most 20 octets
}

// Type bits of esm_class (spec 5.2.12).
const (
	ESMTypeMask     = 0x3C
	ESMReceipt      = 0x04 // with ESMTypeMask: a delivery receipt of the centre
	ESMIntermediate = 0x20 // with ESMTypeMask: a notification on the way
	ESMUDHI         = 0x40 // the text begins with a user data header
)

// SM is a short message as submit_sm and deliver_sm carry it (spec 4.4.1,
// 4.6.1). Strings are octets without a NUL.
type SM struct {
	ServiceType        string // at most 5 octets
	Source, Dest       Address
	ESMClass           byte
	ProtocolID         byte
	Priority           byte
	ScheduleTime       string // empty, or 16 octets (spec 7.1)
	Validity           string // empty, or 16 octets (spec 7.1)
	RegisteredDelivery byte
	ReplaceIfPresent   byte
	DataCoding         byte
	DefaultMessageID   byte
	ShortMessage       []byte // raw, at most 254 octets
	TLVs               TLVs
}

// SubmitSM is a message to a phone.
type SubmitSM = SM

// DeliverSM is a message or receipt from the centre: a deliver_sm, or a data_sm,
// which has fewer of the fields and its text in message_payload.
type DeliverSM struct {
	SM
	Data bool // a data_sm
	// Offset is the place behind its PDU in the stream, from 1.
	Offset uint64
	from   uint64 // the place of its PDU
	poison bool   // processes died of it: it was not read
}

// Payload returns the raw text: short_message, or message_payload when
// short_message is empty.
func (m *SM) Payload() []byte {
	if len(m.ShortMessage) > 0 {
		return m.ShortMessage
	}
	p, _ := m.TLVs.Get(TagMessagePayload)
	return p
}

// Fingerprint returns a hash of all fields, 32 characters. It does not depend
// on the sequence number.
func (d *DeliverSM) Fingerprint() string {
	var space [512]byte
	b := space[:1]
	if d.Data {
		b = appendData(append(b, 1), &d.SM)
	} else {
		b = appendSM(b, &d.SM)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

const (
	maxServiceType = 5
	maxAddr        = 20
	maxTime        = 16
	maxShort       = 254
	maxTLV         = 0xFFFF
)

// check tells whether every field fits into its place.
func (m *SM) check() error {
	texts := [...]struct {
		name, value string
		most        int
	}{
		{"service_type", m.ServiceType, maxServiceType},
		{"source_addr", m.Source.Addr, maxAddr},
		{"destination_addr", m.Dest.Addr, maxAddr},
		{"schedule_delivery_time", m.ScheduleTime, maxTime},
		{"validity_period", m.Validity, maxTime},
	}
	for i := range texts {
		if err := checkText(texts[i].name, texts[i].value, texts[i].most); err != nil {
			return err
		}
	}
	if n := len(m.ShortMessage); n > maxShort {
		return fmt.Errorf("%w: short_message has %d octets, at most %d fit", ErrInvalid, n, maxShort)
	}
	return m.TLVs.check()
}

func (t TLVs) check() error {
	total := 0
	for i := range t {
		if n := len(t[i].Value); n > maxTLV {
			return fmt.Errorf("%w: parameter 0x%04X has %d octets, at most %d fit", ErrInvalid, uint16(t[i].Tag), n, maxTLV)
		}
		total += 4 + len(t[i].Value)
	}
	if most := maxPDU - 1024; total > most {
		return fmt.Errorf("%w: the optional parameters have %d octets, at most %d fit", ErrInvalid, total, most)
	}
	return nil
}

func checkText(name, value string, most int) error {
	if len(value) > most {
		return fmt.Errorf("%w: %s has %d octets, at most %d fit", ErrInvalid, name, len(value), most)
	}
	if strings.IndexByte(value, 0) >= 0 {
		return fmt.Errorf("%w: %s holds a NUL", ErrInvalid, name)
	}
	return nil
}
