// Package fallback implements XEP-0428 (0.2.1): Fallback Indication. It tells
// which part of a body is there only for clients that lack an extension.
package fallback

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"causeway/component/stanza"
)

// NS is the namespace of fallbacks.
const NS = "urn:xmpp:fallback:0"

// Append marks all of a body as a fallback for an extension.
func Append(w *stanza.Writer, extension string) { w.Leaf("fallback", NS, "", "for", extension) }

// AppendBody marks all of a body, and no subject, as one.
func AppendBody(w *stanza.Writer, extension string) {
	w.Start("fallback", NS, "for", extension).Leaf("body", "", "").End()
}

// AppendPart marks the beginning of a body, of so many code points, as one.
func AppendPart(w *stanza.Writer, extension string, length int) {
	w.Start("fallback", NS, "for", extension).
		Leaf("body", "", "", "start", "0", "end", strconv.Itoa(length)).
		End()
}

// span is a part of a body, in code points.
type span struct{ start, end int }

// Cut returns the body text without what s marks as a fallback for an
// extension, by its namespace. All ranges are of the text as it is given
// (XEP-0428 section 2.2, XEP-0426). One that cannot be, because it ends before
// it begins or beyond the text or is no number, cuts nothing.
func Cut(s *stanza.Stanza, text, extension string) string {
	spans := find(s, extension, utf8.RuneCountInString(text))
	if len(spans) == 0 {
		return text
	}
	var rest strings.Builder
	n := 0
	for _, r := range text {
		if !covered(spans, n) {
			rest.WriteRune(r)
		}
		n++
	}
	return rest.String()
}

// maxSpans bounds the ranges that are looked at.
const maxSpans = 16

// find returns the ranges for an extension in a text of that length.
func find(s *stanza.Stanza, extension string, length int) (spans []span) {
	for e := range s.All(NS, "fallback") {
		if e.Attr("for") != extension {
			continue
		}
		whole := true // of body and subject, unless a part is named
		for part := range e.Children() {
			whole = false
			if space, local := part.Name(); space != NS || local != "body" || len(spans) == maxSpans {
				continue
			}
			if x, ok := parse(part, length); ok {
				spans = append(spans, x)
			}
		}
		if whole && len(spans) < maxSpans {
			spans = append(spans, span{0, length})
		}
	}
	return spans
}

// parse reads a range; what it does not say is the edge of the text.
func parse(e stanza.Element, length int) (x span, ok bool) {
	x = span{0, length}
	for name, at := range map[string]*int{"start": &x.start, "end": &x.end} {
		v := e.Attr(name)
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			return x, false
		}
		*at = n
	}
	return x, 0 <= x.start && x.start <= x.end && x.end <= length
}

func covered(spans []span, n int) bool {
	for _, x := range spans {
		if x.start <= n && n < x.end {
			return true
		}
	}
	return false
}
