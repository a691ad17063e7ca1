// Package reactions implements XEP-0444 (0.2.1): Message Reactions.
package reactions

import (
	"slices"

	"causeway/component/stanza"
	"causeway/component/xep/hints"
)

// NS is the namespace of reactions, and the feature that announces them.
const NS = "urn:xmpp:reactions:0"

// Reactions are all with which somebody reacts to a message from now on, none of
// them twice; without any there is none left.
type Reactions struct {
	ID  string // of the message; empty: it is not said to which
	All []string
}

// maxRead bounds what is read of one message.
const maxRead = 256

// Find returns what s says of reactions; ok is false when it says nothing.
func Find(s *stanza.Stanza) (r Reactions, ok bool) {
	e, ok := s.Child(NS, "reactions")
	r.ID = e.Attr("id")
	for x := range e.Children() {
		space, local := x.Name()
		if text := x.Text(); space == NS && local == "reaction" && text != "" && len(r.All) < maxRead && !slices.Contains(r.All, text) {
			r.All = append(r.All, text)
		}
	}
	return r, ok
}

// Append writes the reactions, for servers to keep although they have no body.
func (r Reactions) Append(w *stanza.Writer) {
	w.Start("reactions", NS, "id", r.ID)
	for _, x := range r.All {
		w.Leaf("reaction", "", x)
	}
	w.End()
	hints.AppendStore(w)
}
