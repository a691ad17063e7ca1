// Package chatstates implements XEP-0085 (2.1): Chat State Notifications.
package chatstates

import "causeway/component/stanza"

// NS is the namespace of chat states, and the feature that announces them.
const NS = "http://jabber.org/protocol/chatstates"

// The states.
const (
	Active    = "active"
	Composing = "composing"
	Paused    = "paused"
	Inactive  = "inactive"
	Gone      = "gone"
)

// Find returns the state in a message; empty when there is none that is known.
func Find(s *stanza.Stanza) (state string) {
	for e := range s.Children() {
		space, local := e.Name()
		if space != NS {
			continue
		}
		switch local {
		case Active, Composing, Paused, Inactive, Gone:
			return local
		}
	}
	return ""
}

// Append writes a state.
func Append(w *stanza.Writer, state string) { w.Leaf(state, NS, "") }
