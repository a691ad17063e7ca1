// Package receipts implements XEP-0184 (1.4.0): Message Delivery Receipts.
package receipts

import "causeway/component/stanza"

// NS is the namespace of receipts, and the feature that announces them.
const NS = "urn:xmpp:receipts"

// Requested tells whether the sender of a message asks for a receipt.
func Requested(s *stanza.Stanza) bool {
	_, ok := s.Child(NS, "request")
	return ok
}

// Received returns the id of the message that s confirms; empty when s is no
// receipt.
func Received(s *stanza.Stanza) string {
	e, ok := s.Child(NS, "received")
	if !ok {
		return ""
	}
	return e.Attr("id")
}

// AppendReceived confirms the message with that id.
func AppendReceived(w *stanza.Writer, id string) {
	w.Leaf("received", NS, "", "id", id)
}
