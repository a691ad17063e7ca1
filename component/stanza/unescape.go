package stanza

import (
	"strings"
	"unicode/utf8"
)

// unescape decodes a checked attribute value. Line ends become \n (XML 1.0
// §2.11). Other white space is left as it is, not made a space (§3.3.3): servers
// write a newline that came as a reference plainly, and a name may hold one.
func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 && strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return string(appendText(make([]byte, 0, len(s)), s))
}

// appendText decodes checked character data without elements: references,
// CDATA sections and line ends.
func appendText(b []byte, s string) []byte {
	for s != "" {
		i := strings.IndexAny(s, "&\r<")
		if i < 0 {
			return append(b, s...)
		}
		b = append(b, s[:i]...)
		s = s[i:]
		switch s[0] {
		case '&':
			r, n := entity(s)
			b, s = utf8.AppendRune(b, r), s[n:]
		case '\r':
			b, s = append(b, '\n'), strings.TrimPrefix(s[1:], "\n")
		default:
			end := strings.Index(s, cdataEnd)
			b = appendLines(b, s[len(cdataStart):end])
			s = s[end+len(cdataEnd):]
		}
	}
	return b
}

// appendLines appends the inside of a CDATA section, where only line ends are
// decoded.
func appendLines(b []byte, s string) []byte {
	for {
		line, rest, found := strings.Cut(s, "\r")
		b = append(b, line...)
		if !found {
			return b
		}
		b, s = append(b, '\n'), strings.TrimPrefix(rest, "\n")
	}
}
