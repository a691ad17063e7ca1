// Package reply implements XEP-0461 (0.2.1): Message Replies.
package reply

import (
	"strings"
	"unicode/utf8"

	"causeway/component/stanza"
	"causeway/component/xep/fallback"
)

// NS is the namespace of replies, and the feature that announces them.
const NS = "urn:xmpp:reply:0"

// Find returns the id of the message that s answers; ok is false when it answers
// none.
func Find(s *stanza.Stanza) (id string, ok bool) {
	e, ok := s.Child(NS, "reply")
	id = e.Attr("id")
	return id, ok && id != ""
}

// Append writes that a message answers another, and by whom that is.
func Append(w *stanza.Writer, id, author string) { w.Leaf("reply", NS, "", "to", author, "id", id) }

// Quoted returns a text with a quote before it.
func Quoted(quote, text string) string {
	if quote == "" {
		return text
	}
	return block(quote) + text
}

// AppendQuoted writes which part of the body is the quote that Quoted has put
// there, in code points (XEP-0426).
func AppendQuoted(w *stanza.Writer, quote string) {
	if quote != "" {
		fallback.AppendPart(w, NS, utf8.RuneCountInString(block(quote)))
	}
}

func block(quote string) string { return "> " + strings.ReplaceAll(quote, "\n", "\n> ") + "\n" }
