package sms

import (
	"causeway/bridges/sms/smpp"
)

// place says where a piece belongs in its message.
type place struct {
	ref         uint16
	total, part byte
}

// valid tells whether the numbers make sense. A piece that says something
// impossible is a message by itself.
func (p place) valid() bool { return p.total > 1 && p.part >= 1 && p.part <= p.total }

// piece is the text of one deliver_sm, and where it belongs.
type piece struct {
	place
	script script
	tables tables
	data   []byte
}

// Information elements of a user data header (3GPP TS 23.040, section
// 9.2.3.24).
const (
	elementConcat8  = 0x00
	elementConcat16 = 0x08
	elementShift    = 0x24
	elementLocking  = 0x25
)

// readPiece takes a message apart. All three ways to carry long texts are
// read: a user data header, sar_ parameters, and message_payload.
func readPiece(m *smpp.SM, standard script) piece {
	p := piece{script: scriptOf(m.DataCoding, standard), data: m.Payload()}
	if m.ESMClass&smpp.ESMUDHI != 0 {
		p.cutHeader()
	}
	if p.place.valid() {
		return p
	}
	ref, ok := m.TLVs.Uint(smpp.TagSARRef)
	total, ok2 := m.TLVs.Uint(smpp.TagSARTotal)
	part, ok3 := m.TLVs.Uint(smpp.TagSARSegment)
	if ok && ok2 && ok3 && total <= 255 && part <= 255 {
		p.place = place{uint16(ref), byte(total), byte(part)}
	}
	return p
}

// cutHeader takes the user data header off. One that is longer than the data
// is none: all is text then.
func (p *piece) cutHeader() {
	if len(p.data) == 0 || int(p.data[0]) >= len(p.data) {
		return
	}
	elements := p.data[1 : 1+int(p.data[0])]
	p.data = p.data[1+len(elements):]
	for len(elements) >= 2 && int(elements[1]) <= len(elements)-2 {
		p.element(elements[0], elements[2:2+elements[1]])
		elements = elements[2+elements[1]:]
	}
}

func (p *piece) element(id byte, e []byte) {
	switch {
	case id == elementConcat8 && len(e) == 3:
		p.place = place{uint16(e[0]), e[1], e[2]}
	case id == elementConcat16 && len(e) == 4:
		p.place = place{uint16(e[0])<<8 | uint16(e[1]), e[2], e[3]}
	case id == elementShift && len(e) == 1:
		p.tables.shift = e[0]
	case id == elementLocking && len(e) == 1:
		p.tables.locking = e[0]
	}
}

// concat is the header of part n (from 0) of a message.
func concat(ref byte, n, total int) []byte {
	return []byte{5, elementConcat8, 3, ref, byte(total), byte(n + 1)}
}
