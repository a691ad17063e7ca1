// Package encryption recognises messages that are encrypted from end to end:
// XEP-0384 (0.9.1, and its predecessor with the namespace of Conversations),
// XEP-0373 (OpenPGP), XEP-0027 (legacy OpenPGP) and XEP-0380 (0.4.0), which
// names any other. It decrypts nothing.
package encryption

import "causeway/component/stanza"

// NS is the namespace by which XEP-0380 names the encryption of a message.
const NS = "urn:xmpp:eme:0"

// Envelope is what a message says of its encryption.
type Envelope struct {
	Used bool
	// Content is false for an envelope that holds no message, such as a key
	// exchange of OMEMO.
	Content bool
}

// omemo are the namespaces whose <encrypted/> has a <payload/> if it has
// content.
var omemo = []string{"eu.siacs.conversations.axolotl", "urn:xmpp:omemo:2", "urn:xmpp:omemo:1", "urn:xmpp:omemo:0"}

// Find looks for an envelope in s.
func Find(s *stanza.Stanza) Envelope {
	for _, ns := range omemo {
		if e, ok := s.Child(ns, "encrypted"); ok {
			_, content := e.Child(ns, "payload")
			return Envelope{Used: true, Content: content}
		}
	}
	for _, n := range [...][2]string{
		{"urn:xmpp:openpgp:0", "openpgp"}, {"jabber:x:encrypted", "x"}, {NS, "encryption"},
	} {
		if _, ok := s.Child(n[0], n[1]); ok {
			return Envelope{Used: true, Content: true}
		}
	}
	return Envelope{}
}
