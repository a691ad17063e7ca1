package stanza

import "unicode/utf8"

// appendEscaped appends s as character data or as an attribute value. What XML
// 1.0 forbids is dropped, and so are bytes that are no UTF-8. White space that a
// reader would change (XML 1.0 §2.11, §3.3.3) becomes a reference.
func appendEscaped(b []byte, s string, value bool) []byte {
	done := 0
	for i := plainOut(s, 0); i < len(s); i = plainOut(s, i) {
		c := s[i]
		if class[c]&escape == 0 && (!value || c >= ' ') {
			i++
			continue
		}
		n := 1
		if c >= utf8.RuneSelf {
			if n = charLen(s, i); n > 0 {
				i += n
				continue
			}
			_, n = utf8.DecodeRuneInString(s[i:])
		}
		b = append(b, s[done:i]...)
		b = append(b, reference(c)...)
		i += n
		done = i
	}
	return append(b, s[done:]...)
}

// reference returns how a character is written; nothing if it is forbidden.
func reference(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\'':
		return "&apos;"
	case '\t':
		return "&#9;"
	case '\n':
		return "&#10;"
	case '\r':
		return "&#13;"
	}
	return ""
}

func appendAttr(b []byte, name, value string) []byte {
	b = append(b, ' ')
	b = append(b, name...)
	b = append(b, "='"...)
	b = appendEscaped(b, value, true)
	return append(b, '\'')
}
