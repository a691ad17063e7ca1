// Package markers implements XEP-0333 (1.0.0): Displayed Markers.
package markers

import "causeway/component/stanza"

// NS is the namespace of markers, and the feature that announces them.
const NS = "urn:xmpp:chat-markers:0"

// Displayed returns the id of the message up to which s says that all were
// displayed; ok is false when it says nothing of the kind.
func Displayed(s *stanza.Stanza) (id string, ok bool) {
	e, ok := s.Child(NS, "displayed")
	id = e.Attr("id")
	return id, ok && id != ""
}

// AppendDisplayed writes that all was displayed up to a message.
func AppendDisplayed(w *stanza.Writer, id string) { w.Leaf("displayed", NS, "", "id", id) }

// AppendMarkable asks for a marker.
func AppendMarkable(w *stanza.Writer) { w.Leaf("markable", NS, "") }
