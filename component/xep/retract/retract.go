// Package retract implements XEP-0424 (0.4.2): Message Retraction.
package retract

import (
	"causeway/component/stanza"
	"causeway/component/xep/fallback"
	"causeway/component/xep/hints"
)

// NS is the namespace of retractions, and the feature that announces them.
const NS = "urn:xmpp:message-retract:1"

// The older form stands in a fastening (XEP-0422). It is read and never written.
const (
	nsOld      = "urn:xmpp:message-retract:0"
	nsFastened = "urn:xmpp:fasten:0" // XEP-0422
)

// Find returns the id of the message that s takes back, empty when it does not say
// which; ok is false when s is no retraction.
func Find(s *stanza.Stanza) (id string, ok bool) {
	if e, ok := s.Child(NS, "retract"); ok {
		return e.Attr("id"), true
	}
	e, _ := s.Child(nsFastened, "apply-to")
	_, ok = e.Child(nsOld, "retract")
	if !ok {
		return "", false
	}
	return e.Attr("id"), true
}

// Append writes that a message is taken back, and the words that others show,
// which servers keep.
func Append(w *stanza.Writer, id, words string) {
	w.Leaf("retract", NS, "", "id", id)
	fallback.Append(w, NS)
	w.Leaf("body", "", words)
	hints.AppendStore(w)
}
