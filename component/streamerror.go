package component

import (
	"encoding/xml"
	"errors"

	mellium "mellium.im/xmpp/stream"
)

// StreamError is a stream error of the server (RFC 6120 §4.9); it ended the
// stream.
type StreamError struct {
	Condition string // e.g. conflict
	Text      string // the server's words
}

// Error returns the condition and the server's text.
func (e *StreamError) Error() string {
	if e.Text == "" {
		return "stream error " + e.Condition
	}
	return "stream error " + e.Condition + ": " + e.Text
}

const nsStreams = "urn:ietf:params:xml:ns:xmpp-streams"

// parseStreamError reads <stream:error/>.
func parseStreamError(raw []byte) *StreamError {
	var doc struct {
		Children []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	e := &StreamError{Condition: "undefined-condition"}
	if xml.Unmarshal(raw, &doc) != nil {
		return e
	}
	for _, c := range doc.Children {
		switch {
		case c.XMLName.Space != nsStreams:
		case c.XMLName.Local == "text":
			e.Text = c.Text
		default:
			e.Condition = c.XMLName.Local
		}
	}
	return e
}

// asStreamError gives mellium's form of a stream error ours.
func asStreamError(err error) error {
	var e mellium.Error
	if !errors.As(err, &e) {
		return err
	}
	s := &StreamError{Condition: e.Err}
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
	"not-authorized":      "give bridge and server the same secret",
	"invalid-namespace":   "the address is no component port (XEP-0114); see the server's listener",
	"improper-addressing": "the server refuses the name of the domain; compare it with the server's configuration",
	"see-other-host":      "the server names another address, which is not followed; configure it if you trust it",
	"invalid-from":        "the server refuses an address of this domain; report this",
}
