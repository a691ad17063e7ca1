package stanza

import (
	"strings"
	"unicode/utf8"
)

// The classes of a byte. A byte of the first two stops the fast scan of
// character data or of an attribute value, because it ends it, means something
// or has to be checked.
const (
	inText uint8 = 1 << iota
	inValue
	nameStart
	nameByte
	nameFast // nameByte, and ASCII, and no colon
	space
	escape   // not copied as it is when written
	stopsTag // means something in a start tag, outside quotes
)

var class = classes()

func classes() (t [256]uint8) {
	for i := range t {
		c := byte(i)
		switch {
		case c >= utf8.RuneSelf:
			t[i] = inText | inValue | nameStart | nameByte | escape
		case c < ' ' && c != '\t' && c != '\n':
			t[i] = inText | inValue | escape
		case c >= '0' && c <= '9', c == '-', c == '.':
			t[i] = nameByte | nameFast
		case c|0x20 >= 'a' && c|0x20 <= 'z', c == '_':
			t[i] = nameStart | nameByte | nameFast
		case c == ':':
			t[i] = nameStart | nameByte
		}
	}
	for _, c := range "<&" {
		t[c] |= inText | inValue | escape
	}
	for _, c := range "'\"" {
		t[c] |= inValue | escape
	}
	t['>'] |= inText | escape // only because of "]]>"
	for _, c := range "<>/'\"" {
		t[c] |= stopsTag
	}
	for _, c := range " \t\n\r" {
		t[c] |= space
	}
	return t
}

// charLen returns the length of the character at s[i], which is not ASCII, or
// 0 when it is no UTF-8 or forbidden by XML 1.0 (production 2).
func charLen(s string, i int) int {
	r, n := utf8.DecodeRuneInString(s[i:])
	if r == utf8.RuneError && n <= 1 || r == 0xFFFE || r == 0xFFFF {
		return 0
	}
	return n
}

// allowed tells whether XML 1.0 allows a character (production 2).
func allowed(r rune) bool {
	return r >= 0x20 && r < 0xD800 || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r < 0xFFFE || r >= 0x10000 && r <= utf8.MaxRune
}

// nameRanges are the characters outside ASCII that may stand in a name (XML
// 1.0, fifth edition, productions 4 and 4a). Those with more set may not stand
// first.
var nameRanges = []struct {
	lo, hi rune
	more   bool
}{
	{0xB7, 0xB7, true},
	{0xC0, 0xD6, false},
	{0xD8, 0xF6, false},
	{0xF8, 0x2FF, false},
	{0x300, 0x36F, true},
	{0x370, 0x37D, false},
	{0x37F, 0x1FFF, false},
	{0x200C, 0x200D, false},
	{0x203F, 0x2040, true},
	{0x2070, 0x218F, false},
	{0x2C00, 0x2FEF, false},
	{0x3001, 0xD7FF, false},
	{0xF900, 0xFDCF, false},
	{0xFDF0, 0xFFFD, false},
	{0x10000, 0xEFFFF, false},
}

// name returns where the name that begins at i ends, and whether it has a colon.
func name(s string, i int) (end int, colon bool) {
	end = i
	for end < len(s) && class[s[end]]&nameFast != 0 {
		end++
	}
	if end > i && end < len(s) && class[s[end]]&nameByte == 0 && class[s[i]]&nameStart != 0 {
		return end, false
	}
	end = i + nameLen(s[i:])
	return end, strings.IndexByte(s[i:end], ':') >= 0
}

// nameLen returns the length of the name at the start of s; 0 if there is none.
func nameLen(s string) int {
	if s == "" || class[s[0]]&nameStart == 0 {
		return 0
	}
	i := 0
	for i < len(s) && class[s[i]]&nameByte != 0 {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !nameRune(r, i == 0) || n == 1 {
			break
		}
		i += n
	}
	return i
}

func nameRune(r rune, first bool) bool {
	for _, x := range nameRanges {
		if r <= x.hi {
			return r >= x.lo && !(first && x.more)
		}
	}
	return false
}

// entity reads the reference at s[0] == '&': its character and its length. n
// is 0 when it is none or one of a forbidden character (XML 1.0 §4.1, "Legal
// Character"), and r is 0 when it is one of an undefined entity.
func entity(s string) (r rune, n int) {
	end := strings.IndexByte(s[:min(len(s), 64)], ';')
	if end < 2 {
		return 0, 0
	}
	name := s[1:end]
	if name[0] == '#' {
		r, ok := number(name[1:])
		if !ok {
			return 0, 0
		}
		return r, end + 1
	}
	switch name {
	case "amp":
		r = '&'
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "apos":
		r = '\''
	case "quot":
		r = '"'
	default:
		if nameLen(name) != len(name) {
			return 0, 0
		}
	}
	return r, end + 1
}

// number reads the digits of a character reference. ok is false when they are
// none, or those of a forbidden character.
func number(s string) (r rune, ok bool) {
	base := rune(10)
	if s != "" && s[0] == 'x' {
		base, s = 16, s[1:]
	}
	for i := range len(s) {
		d := digit(s[i])
		if d >= base {
			return 0, false
		}
		r = min(r*base+d, utf8.MaxRune+1) // no overflow: stays too large
	}
	return r, s != "" && allowed(r)
}

func digit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return 99
}
