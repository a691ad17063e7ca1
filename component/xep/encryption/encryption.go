// Package encryption recognises messages that are encrypted from end to end:
// XEP-0384 (0.9.1, and its predecessor with the namespace of Conversations),
// XEP-0373 (OpenPGP), XEP-0027 (legacy OpenPGP) and XEP-0380 (0.4.0), which
// names any other. It decrypts nothing.
package encryption

import "causeway/component/stanza"

// NS is the namespace by which XEP-0380 names the encryption of a message.
const NS = "urn:xmpp:eme:0" // XEP-0380

// Envelope is what a message says of its encryption.
type Envelope struct {
	Used bool
	// Content is false for an envelope that holds no message, such as a key
	// exchange of OMEMO.
	Content bool
}

// Find looks for an envelope in s.
func Find(s *stanza.Stanza) (found Envelope) {
	for e := range s.Children() {
		switch space, local := e.Name(); {
		case local == "encrypted" && omemo(space):
			_, content := e.Child(space, "payload")
			return Envelope{Used: true, Content: content}
		case local == "openpgp" && space == "urn:xmpp:openpgp:0", // XEP-0373
			local == "x" && space == "jabber:x:encrypted", // XEP-0027
			local == "encryption" && space == NS:
			found = Envelope{Used: true, Content: true}
		}
	}
	return found
}

// omemo tells whether space is one in which <encrypted/> has a <payload/> if
// it has content.
func omemo(space string) bool {
	switch space {
	case "eu.siacs.conversations.axolotl", "urn:xmpp:omemo:2", "urn:xmpp:omemo:1", "urn:xmpp:omemo:0":
		return true
	}
	return false
}
