package privilege

import "causeway/component/stanza"

const (
	nsForward = "urn:xmpp:forward:0" // XEP-0297
	nsClient  = "jabber:client"      // RFC 6120
)

// Forwarded is a message that an entity sends on behalf of a user (XEP-0356
// section 5), inside a message of the entity's to the host of that user.
type Forwarded struct {
	// From is the user's bare JID: a host refuses any other.
	From, To, ID string
	// Payload writes what stands inside.
	Payload func(w *stanza.Writer)
}

// Append writes m, of type chat.
func (m Forwarded) Append(w *stanza.Writer) {
	w.Start("privilege", NS).Start("forwarded", nsForward)
	w.Start("message", nsClient, "from", m.From, "to", m.To, "type", "chat", "id", m.ID)
	m.Payload(w)
	w.End().End().End()
}
