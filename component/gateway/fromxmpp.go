package gateway

import (
	"strings"
	"time"

	"causeway/component/stanza"
	"causeway/component/xep/delay"
	"causeway/component/xep/encryption"
	"causeway/component/xep/receipts"
)

// oldest is the age beyond which a delayed message is a replay of an archive
// and not something to send now.
const oldest = time.Hour

// reading is what a user's message to a contact comes to. Exactly one of the
// three is set.
type reading struct {
	text   string        // send this
	drop   string        // nothing to send, and no news for the sender: why
	refuse *stanza.Error // tell the sender
}

// notText finds what makes a message carry no text of its own, whatever its
// fallback body says, and names why it is dropped where the network lacks it.
func notText(s *stanza.Stanza) (reason string) {
	for e := range s.Children() {
		switch space, local := e.Name(); local {
		case "received", "displayed", "acknowledged":
			if space == receipts.NS {
				return "receipt"
			}
			if space == "urn:xmpp:chat-markers:0" {
				return "marker"
			}
		case "reactions":
			if space == "urn:xmpp:reactions:0" {
				return "reaction"
			}
		case "retract", "apply-to":
			if strings.HasPrefix(space, "urn:xmpp:message-retract:") || space == "urn:xmpp:fasten:0" {
				return "retraction"
			}
		}
	}
	return ""
}

// read decides what becomes of a message to a contact. Nothing in it but the
// body is content: forwarded, carbon-copied and archived messages inside are
// never unpacked (From-spoofing 2).
func read(s *stanza.Stanza, now time.Time) reading {
	switch s.Type {
	case "error":
		return reading{drop: "error"}
	case "groupchat":
		return reading{refuse: &stanza.Error{
			Type: "cancel", Condition: "service-unavailable",
			Text: "This address is a person and not a room.",
		}}
	}
	if e := encryption.Find(s); e.Used {
		return readEncrypted(e)
	}
	text, ok := s.Body()
	if !ok || strings.TrimSpace(text) == "" {
		return reading{drop: "no text"}
	}
	if reason := notText(s); reason != "" {
		return reading{drop: reason}
	}
	if strings.HasPrefix(text, "aesgcm://") {
		return readEncrypted(encryption.Envelope{Used: true, Content: true})
	}
	if s.Type == "headline" || isReplay(s, now) {
		return readStale(s)
	}
	if _, ok := s.Child("urn:xmpp:message-correct:0", "replace"); ok {
		text = "* " + text // the sign of a correction where there is none
	}
	return reading{text: text}
}

func isReplay(s *stanza.Stanza, now time.Time) bool {
	d, ok := delay.Find(s)
	return ok && now.Sub(d.Stamp) > oldest
}

// readStale refuses what is not meant to be sent now; silently unless the
// sender waits for a receipt.
func readStale(s *stanza.Stanza) reading {
	if !receipts.Requested(s) {
		return reading{drop: "not to be sent now"}
	}
	return reading{refuse: &stanza.Error{
		Type: "modify", Condition: "not-acceptable",
		Text: "Headlines and messages that are more than an hour old are not sent.",
	}}
}

// readEncrypted refuses what nobody but the contact's devices could read, and
// passes over key exchanges without content (xeps.md 0384.3-5).
func readEncrypted(e encryption.Envelope) reading {
	if !e.Content {
		return reading{drop: "key exchange"}
	}
	return reading{refuse: errEncrypted}
}
