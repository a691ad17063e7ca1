package privilege

import "causeway/component/stanza"

// Query is an IQ get that an entity sends on behalf of a user (XEP-0356 section
// 6), inside an IQ get of the entity's to the bare JID of that user.
type Query struct {
	// To is who is asked; ID is of the inner IQ alone.
	To, ID string
	// Payload writes what is asked.
	Payload func(w *stanza.Writer)
}

// Append writes q.
func (q Query) Append(w *stanza.Writer) {
	w.Start("privileged_iq", NS).Start("iq", nsClient, "type", "get", "to", q.To, "id", q.ID)
	q.Payload(w)
	w.End().End()
}

// Answer returns the answer to a Query in the result s; ok is false when there is
// none. It may be an error.
func Answer(s *stanza.Stanza) (iq stanza.Element, ok bool) {
	p, _ := s.Child(NS, "privilege")
	f, _ := p.Child(nsForward, "forwarded")
	return f.Child("", "iq") // see stanza.Parse
}
