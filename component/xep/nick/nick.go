// Package nick implements XEP-0172 (1.1): User Nickname.
package nick

import "causeway/component/stanza"

// NS is the namespace of nicknames.
const NS = "http://jabber.org/protocol/nick"

// Append writes a name. It belongs in a subscribe, a message or an event of the
// node NS, and never in other presence (§4.3).
func Append(w *stanza.Writer, name string) { w.Leaf("nick", NS, name) }

// Find returns what somebody says to be called; "" when it says nothing.
func Find(s *stanza.Stanza) string {
	e, _ := s.Child(NS, "nick")
	return e.Text()
}
