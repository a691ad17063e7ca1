package stanza

import "strings"

// The namespaces of stream-level elements (RFC 6120 §4.8.1, §4.9.2).
const (
	nsStreams     = "http://etherx.jabber.org/streams"
	nsStreamError = "urn:ietf:params:xml:ns:xmpp-streams"
)

// ParseElement reads exactly one element of any name, by the rules of Parse.
func ParseElement(raw []byte) (Element, error) {
	s := &Stanza{raw: string(raw)}
	if err := s.parse(); err != nil {
		return Element{}, err
	}
	return s.Root(), nil
}

// StreamError is what the other side ends a stream with (RFC 6120 §4.9).
type StreamError struct {
	Condition string // e.g. conflict; undefined-condition when unreadable
	Text      string // of the server, for the admin
	Host      string // inside <see-other-host/>, only with that condition
}

// Error returns the condition and the text.
func (e *StreamError) Error() string {
	if e.Text == "" {
		return "stream error: " + e.Condition
	}
	return "stream error: " + e.Condition + ": " + e.Text
}

// ReadStreamError reads a stream error from an element of the stream; ok is
// false when it is another. Its prefix is declared in the stream's header, which
// e does not have: any prefix without a declaration is taken. e must be a
// FrameElement: inside a stanza such an element means nothing.
func ReadStreamError(e Element) (r *StreamError, ok bool) {
	space, local := e.Name()
	unbound := space == "" && strings.HasSuffix(local, ":error")
	if !unbound && (space != nsStreams || local != "error") {
		return nil, false
	}
	r = &StreamError{Condition: "undefined-condition"}
	for c := range e.Children() {
		space, local := c.Name()
		switch {
		case space != nsStreamError:
		case local == "text":
			r.Text = c.Text()
		default:
			r.Condition = local
			if local == "see-other-host" {
				r.Host = c.Text()
			}
		}
	}
	return r, true
}
