package component

import (
	"errors"

	mellium "mellium.im/xmpp/stream"

	"causeway/component/stanza"
)

const nsStreams = "urn:ietf:params:xml:ns:xmpp-streams"

// asStreamError gives mellium's form of a stream error ours.
func asStreamError(err error) error {
	var e mellium.Error
	if !errors.As(err, &e) {
		return err
	}
	s := &stanza.StreamError{Condition: e.Err}
	for _, t := range e.Text {
		s.Text = t.Value
	}
	return s
}

// The conditions that a second try does not cure. The rest is tried again soon
// (xeps.md 0114.7 to .11).
var hints = map[string]string{
	"conflict": "another connection serves this domain, or the server itself does; " +
		"end the other one or give this bridge another domain",
	"host-unknown": "the server does not know this domain; " +
		"configure it there as an external component",
	"not-authorized": "give bridge and server the same secret " +
		"(ejabberd says this also of a domain that none of its listeners has)",
	"invalid-namespace":   "the address is no component port (XEP-0114); see the server's listener",
	"improper-addressing": "the server refuses the name of the domain; compare it with the server's configuration",
	"see-other-host":      "the server names another address, which is not followed; configure it if you trust it",
	"invalid-from":        "the server refuses an address of this domain; report this",
}
