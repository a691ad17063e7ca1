package mapping

import (
	"strings"
	"unicode/utf8"
)

// MaxLocalpart is the longest localpart, in bytes (RFC 7622, 3.3).
const MaxLocalpart = 1023

const (
	// ErrAddress is returned for what has no address, or is none: nothing at
	// all, or what is too long, or characters that no localpart has.
	ErrAddress Error = "mapping: not an address"
	// ErrNotCanonical is returned for a localpart that is not the one of the
	// id it stands for.
	ErrNotCanonical Error = "mapping: not the canonical form of the address"
)

// Localpart returns the localpart that stands for a foreign id. It is in
// lower-case ASCII, so that no server changes it, and two ids never have the
// same one. Addresses live in rosters and archives: this never changes.
//
// It is the escaping of XEP-0106 (1.1.1), extended by two sequences for what
// servers fold or refuse:
//
//	\20 \22 \26 \27 \2f \3a \3c \3e \40   space " & ' / : < > @
//	\5c   a backslash that would begin a sequence
//	\=a   A, and so on to \=z
//	\_c3  a byte of a character beyond ASCII, a control character, or the
//	      space that stands first or last, where \20 is not allowed
//
// The empty id, and one whose localpart would be longer than MaxLocalpart
// bytes, give ErrAddress. An id of up to 255 bytes is never too long.
func Localpart(id string) (string, error) {
	if id == "" {
		return "", ErrAddress
	}
	if len(id) <= MaxLocalpart && plain(id) {
		return id, nil
	}
	var b strings.Builder
	b.Grow(len(id) + 8)
	for i := range len(id) {
		escape(&b, id, i)
	}
	if b.Len() > MaxLocalpart {
		return "", ErrAddress
	}
	return b.String(), nil
}

// plain tells whether s stands for itself, as numbers do: nothing in it is ever
// escaped.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '\\' || c >= 'A' && c <= 'Z' || reserved(c) {
			return false
		}
	}
	return true
}

const hexDigits = "0123456789abcdef"

// escape writes the byte of id at i.
func escape(b *strings.Builder, id string, i int) {
	c := id[i]
	switch {
	case c == ' ' && (i == 0 || i == len(id)-1), c < ' ', c >= 0x7f:
		b.WriteString(`\_`)
		writeHex(b, c)
	case c == '\\' && sequence(id[i:]) > 0, reserved(c):
		b.WriteByte('\\')
		writeHex(b, c)
	case c >= 'A' && c <= 'Z':
		b.WriteString(`\=`)
		b.WriteByte(c + 'a' - 'A')
	default:
		b.WriteByte(c)
	}
}

func writeHex(b *strings.Builder, c byte) {
	b.WriteByte(hexDigits[c>>4])
	b.WriteByte(hexDigits[c&15])
}

// reserved tells whether XEP-0106 escapes a character wherever it stands.
func reserved(c byte) bool {
	switch c {
	case ' ', '"', '&', '\'', '/', ':', '<', '>', '@':
		return true
	}
	return false
}

// ForeignID returns the id for which a localpart stands. For one that is not
// what Localpart returns for that id it returns the id and ErrNotCanonical:
// what was meant has another address. ASCII letters in upper case count as
// lower case, since servers fold them. What cannot be a localpart gives
// ErrAddress.
func ForeignID(localpart string) (string, error) {
	if localpart == "" || len(localpart) > MaxLocalpart {
		return "", ErrAddress
	}
	if plain(localpart) {
		return strings.Clone(localpart), nil // it may be a piece of a large stanza
	}
	if !utf8.ValidString(localpart) || strings.ContainsFunc(localpart, forbidden) {
		return "", ErrAddress
	}
	folded := fold(localpart)
	var b strings.Builder
	b.Grow(len(folded))
	for i := 0; i < len(folded); {
		n := sequence(folded[i:])
		if n == 0 {
			b.WriteByte(folded[i])
			i++
			continue
		}
		b.WriteByte(unescape(folded[i : i+n]))
		i += n
	}
	return b.String(), canonical(b.String(), localpart)
}

func canonical(id, localpart string) error {
	if want, err := Localpart(id); err != nil || want != localpart {
		return ErrNotCanonical
	}
	return nil
}

// forbidden tells whether a character can stand in no localpart.
func forbidden(r rune) bool { return r < ' ' || r == 0x7f || r < 0x80 && reserved(byte(r)) }

// fold turns upper-case ASCII to lower case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// sequence returns the length of the escape sequence with which s begins; 0
// if it begins with none.
func sequence(s string) int {
	switch {
	case len(s) < 3 || s[0] != '\\':
		return 0
	case s[1] == '=' && s[2] >= 'a' && s[2] <= 'z':
		return 3
	case s[1] == '_' && len(s) >= 4 && isHex(s[2]) && isHex(s[3]):
		return 4
	}
	switch s[1:3] {
	case "20", "22", "26", "27", "2f", "3a", "3c", "3e", "40", "5c":
		return 3
	}
	return 0
}

func isHex(c byte) bool { return strings.IndexByte(hexDigits, c) >= 0 }

// unescape returns the byte for which a sequence stands.
func unescape(s string) byte {
	if s[1] == '=' {
		return s[2] - 'a' + 'A'
	}
	s = s[len(s)-2:]
	return byte(strings.IndexByte(hexDigits, s[0])<<4 | strings.IndexByte(hexDigits, s[1]))
}
