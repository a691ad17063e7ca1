// Package styling implements the part of XEP-0393 (1.1.1), Message Styling, that
// keeps texts from being styled whose authors know nothing of it.
package styling

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"causeway/component/stanza"
)

// NS is the namespace of styling, and the feature that announces it.
const NS = "urn:xmpp:styling:0"

// directives are what spans begin and end with.
const directives = "*_~`"

// AppendUnstyled marks a message whose text is to be shown as it is.
func AppendUnstyled(w *stanza.Writer) { w.Leaf("unstyled", NS, "") }

// Unstyled tells whether a message has that mark.
func Unstyled(s *stanza.Stanza) bool {
	_, ok := s.Child(NS, "unstyled")
	return ok
}

// Styled tells whether a client would show some of a text otherwise than it is:
// as a quotation, a block of code, or with a span. When clients differ it says
// yes. It takes time in proportion to the text.
func Styled(text string) bool {
	if !strings.ContainsAny(text, directives+">") {
		return false
	}
	// XML makes line feeds of carriage returns.
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line[0] == '>' || strings.HasPrefix(line, "```") || hasSpan(line) {
			return true
		}
	}
	return false
}

// hasSpan tells whether there is a span in a line: it opens at the start, behind
// a space or another opening, and has no space within its edges.
func hasSpan(line string) bool {
	closes := closings(line)
	before, opened := ' ', false // the character before, and whether it opens a span
	for i, r := range line {
		d := strings.IndexRune(directives, r)
		after, _ := utf8.DecodeRuneInString(line[i+utf8.RuneLen(r):])
		opens := d >= 0 && (unicode.IsSpace(before) || opened && before != r) && !unicode.IsSpace(after)
		if opens && encloses(line[i:max(i, closes[d])]) {
			return true
		}
		before, opened = r, opens
	}
	return false
}

// closings returns where in a line the last directive of each kind stands that
// can close a span.
func closings(line string) (at [len(directives)]int) {
	before := ' '
	for i, r := range line {
		if d := strings.IndexRune(directives, r); d >= 0 && !unicode.IsSpace(before) {
			at[d] = i
		}
		before = r
	}
	return at
}

// encloses tells whether there is anything in what begins with a directive and
// ends before another: more of them are nothing.
func encloses(span string) bool {
	return span != "" && strings.TrimLeft(span, span[:1]) != ""
}
