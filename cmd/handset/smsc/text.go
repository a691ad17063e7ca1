package smsc

import (
	"strings"
	"unicode/utf8"

	"github.com/warthog618/sms/encoding/gsm7"
	"github.com/warthog618/sms/encoding/ucs2"
)

// Codings of section 5.2.19.
const (
	codingDefault = 0 // here: the GSM alphabet, a septet an octet
	codingASCII   = 1
	codingLatin1  = 3
	codingUCS2    = 8
)

// decode returns the text of a message's octets. What cannot be read becomes
// a replacement character.
func decode(coding byte, data []byte) string {
	switch coding {
	case codingASCII, codingLatin1:
		runes := make([]rune, len(data))
		for i, b := range data {
			runes[i] = rune(b)
		}
		return string(runes)
	case codingUCS2:
		if runes, err := ucs2.Decode(data); err == nil {
			return string(runes)
		}
		return "\uFFFD"
	}
	text, err := gsm7.Decode(data)
	if err != nil {
		return "\uFFFD"
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// Limits of a message and of each part of a longer one, in octets of data
// (3GPP TS 23.040, section 9.2.3.24.1). The GSM alphabet has seven bits.
const (
	oneSeptets, partSeptets = 160, 153
	oneOctets, partOctets   = 140, 134
)

// encode returns the coding of a text and its parts without headers. No part
// ends within a character.
func encode(text string) (coding byte, parts [][]byte) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	coding, one, part := byte(codingDefault), oneSeptets, partSeptets
	of := func(r rune) []byte { b, _ := gsm7.Encode(utf8.AppendRune(nil, r)); return b }
	// To the alphabet the escape is no character, though the encoder takes it.
	if _, err := gsm7.Encode([]byte(text)); err != nil || strings.ContainsRune(text, 0x1B) {
		coding, one, part = codingUCS2, oneOctets, partOctets
		of = func(r rune) []byte { return ucs2.Encode([]rune{r}) }
	}
	var whole, now []byte
	for _, r := range text {
		c := of(r)
		whole = append(whole, c...)
		if len(now)+len(c) > part {
			parts, now = append(parts, now), nil
		}
		now = append(now, c...)
	}
	if len(whole) <= one {
		return coding, [][]byte{whole}
	}
	return coding, append(parts, now)
}

// header is where a part belongs.
type header struct {
	reference   uint16
	total, part byte
}

// valid tells whether the numbers make sense; a part that says something
// impossible is shown by itself.
func (h header) valid() bool { return h.total > 1 && h.part >= 1 && h.part <= h.total }

// cutHeader takes the user data header off (3GPP TS 23.040, section 9.2.3.24)
// and returns what it says of parts.
func cutHeader(data []byte) (header, []byte) {
	if len(data) == 0 || int(data[0]) >= len(data) {
		return header{}, data
	}
	elements, rest := data[1:1+data[0]], data[1+data[0]:]
	var h header
	for len(elements) >= 2 && int(elements[1]) <= len(elements)-2 {
		e := elements[2 : 2+elements[1]]
		switch {
		case elements[0] == 0x00 && len(e) == 3:
			h = header{uint16(e[0]), e[1], e[2]}
		case elements[0] == 0x08 && len(e) == 4:
			h = header{uint16(e[0])<<8 | uint16(e[1]), e[2], e[3]}
		}
		elements = elements[2+len(e):]
	}
	return h, rest
}

// place returns a message's data without its header, and where it belongs.
func (s short) place() (header, []byte) {
	if s.esm&esmHeader != 0 {
		return cutHeader(s.data)
	}
	ref, total, part := s.options[tagSARRef], s.options[tagSARTotal], s.options[tagSARSequence]
	if len(ref) == 2 && len(total) == 1 && len(part) == 1 {
		return header{uint16(ref[0])<<8 | uint16(ref[1]), total[0], part[0]}, s.data
	}
	return header{}, s.data
}
