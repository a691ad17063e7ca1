// Package correct implements XEP-0308 (1.2.1): Last Message Correction.
package correct

import "causeway/component/stanza"

// NS is the namespace of corrections, and the feature that announces them.
const NS = "urn:xmpp:message-correct:0"

// Find returns the id of the message that s corrects; ok is false when it
// corrects none.
func Find(s *stanza.Stanza) (id string, ok bool) {
	e, ok := s.Child(NS, "replace")
	id = e.Attr("id")
	return id, ok && id != ""
}

// Append writes that a message corrects another.
func Append(w *stanza.Writer, id string) { w.Leaf("replace", NS, "", "id", id) }
