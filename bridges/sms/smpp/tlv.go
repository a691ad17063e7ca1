package smpp

// Tag names an optional parameter (spec 5.3.2).
type Tag uint16

// The tags that this package or its users act on. Others are kept as they are.
const (
	TagReceiptedMessageID Tag = 0x001E
	TagSARRef             Tag = 0x020C // sar_msg_ref_num, 2 octets
	TagSARTotal           Tag = 0x020E // sar_total_segments
	TagSARSegment         Tag = 0x020F // sar_segment_seqnum
	TagMessagePayload     Tag = 0x0424
	TagMessageState       Tag = 0x0427
)

// TLV is one optional parameter.
type TLV struct {
	Tag   Tag
	Value []byte // at most 65535 octets
}

// TLVs are optional parameters in the order in which they stand.
type TLVs []TLV

// Get returns the value of the first parameter with this tag.
func (t TLVs) Get(tag Tag) (value []byte, ok bool) {
	for i := range t {
		if t[i].Tag == tag {
			return t[i].Value, true
		}
	}
	return nil, false
}

// Uint returns an integer of one to four octets; ok is false when there is none
// or it has another length.
func (t TLVs) Uint(tag Tag) (v uint32, ok bool) {
	b, ok := t.Get(tag)
	if !ok || len(b) == 0 || len(b) > 4 {
		return 0, false
	}
	for _, o := range b {
		v = v<<8 | uint32(o)
	}
	return v, true
}

// CString returns a C-octet string, with or without its NUL.
func (t TLVs) CString(tag Tag) (s string, ok bool) {
	b, ok := t.Get(tag)
	for i, o := range b {
		if o == 0 {
			return string(b[:i]), ok
		}
	}
	return string(b), ok
}
