package sms

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/warthog618/sms/encoding/tpdu"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// script is a way to write text in octets. The values are on disk, in parts
// of messages: never renumber.
type script byte

const (
	scriptGSM script = iota
	scriptASCII
	scriptLatin1
	scriptUTF8
	scriptUTF16
	scriptCyrillic
	scriptHebrew
	scriptOctets
)

// What a centre may take data_coding 0 for, in the configuration.
const alphabetGSM = "gsm7"

var alphabets = map[string]*script{
	alphabetGSM: ptr(scriptGSM), "latin1": ptr(scriptLatin1), "ascii": ptr(scriptASCII), "utf8": ptr(scriptUTF8),
}

func ptr(s script) *script { return &s }

// Values of data_coding (SMPP v3.4, section 5.2.19).
const (
	codingDefault = 0x00
	codingASCII   = 0x01
	codingLatin1  = 0x03
	codingCyril   = 0x06
	codingHebrew  = 0x07
	codingUCS2    = 0x08
)

// scriptOf returns in which script a text with this data_coding is. From 0x10
// on the values are those of GSM networks (3GPP TS 23.038, section 4): flash
// messages, message waiting and others with a class.
func scriptOf(coding byte, standard script) script {
	switch coding {
	case codingDefault:
		return standard
	case codingASCII:
		return scriptASCII
	case codingLatin1:
		return scriptLatin1
	case codingCyril:
		return scriptCyrillic
	case codingHebrew:
		return scriptHebrew
	case codingUCS2:
		return scriptUTF16
	}
	dcs := tpdu.DCS(coding)
	if coding < 0x10 || dcs.Compressed() {
		return scriptOctets
	}
	switch a, err := dcs.Alphabet(); {
	case err != nil || a == tpdu.Alpha8Bit:
		return scriptOctets
	case a == tpdu.AlphaUCS2:
		return scriptUTF16
	}
	return scriptGSM
}

// decode reads octets. It has no errors: what cannot be read becomes
// replacement characters, and octets that are no text are shown as such.
func decode(s script, data []byte, t tables) string {
	switch s {
	case scriptGSM:
		return decodeGSM(data, t)
	case scriptASCII:
		return decodeASCII(data)
	case scriptLatin1:
		return decodeMap(charmap.ISO8859_1, data)
	case scriptCyrillic:
		return decodeMap(charmap.ISO8859_5, data)
	case scriptHebrew:
		return decodeMap(charmap.ISO8859_8, data)
	case scriptUTF16:
		return decodeUTF16(data)
	case scriptUTF8:
		return strings.ToValidUTF8(string(data), string(utf8.RuneError))
	}
	return decodeOctets(data)
}

// decodeASCII reads IA5. Some centres send the GSM alphabet under this name:
// control characters give that away, which in a text mean nothing.
func decodeASCII(data []byte) string {
	control := func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r", r) }
	if bytes.IndexFunc(data, control) >= 0 {
		return decodeGSM(data, tables{})
	}
	var b strings.Builder
	for _, c := range data {
		if c >= 0x80 {
			b.WriteRune(utf8.RuneError)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func decodeMap(m *charmap.Charmap, data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteRune(m.DecodeByte(c))
	}
	return b.String()
}

// decodeUTF16 reads big-endian UTF-16, of which UCS-2 is a part.
func decodeUTF16(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
	}
	s := string(utf16.Decode(units))
	if len(data)%2 == 1 {
		s += string(utf8.RuneError)
	}
	return s
}

// decodeOctets shows data of which only the octets are known.
func decodeOctets(data []byte) string {
	control := func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }
	if utf8.Valid(data) && strings.IndexFunc(string(data), control) < 0 {
		return string(data)
	}
	return fmt.Sprintf("(binary data, %d octets: %s)", len(data), hex.EncodeToString(data))
}

// tidy gives a text the one form in which the same letters are the same
// octets, with \n between lines.
func tidy(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return norm.NFC.String(strings.ToValidUTF8(s, string(utf8.RuneError)))
}
