// Package stanza is the codec of the link: it finds the boundaries of stanzas
// in a stream of bytes (RFC 6120 §11), reads messages, presence and IQs by
// hand, without reflection, and writes them by appending.
package stanza

import (
	"iter"
	"strings"
)

// Kind is the kind of a stanza.
type Kind uint8

// The kinds of RFC 6120 §8.
const (
	Message Kind = iota + 1
	Presence
	IQ
)

// String returns the name of the element; empty for no kind.
func (k Kind) String() string {
	switch k {
	case Message:
		return "message"
	case Presence:
		return "presence"
	case IQ:
		return "iq"
	}
	return ""
}

func kindOf(name string) Kind {
	switch name {
	case "message":
		return Message
	case "presence":
		return Presence
	case "iq":
		return IQ
	}
	return 0
}

// Stanza is one stanza as it was received. It holds one copy of the wire
// bytes, which all its strings share. It never changes: use it from any
// goroutine.
type Stanza struct {
	Kind Kind
	// The attributes, unescaped; empty when absent.
	From, To, ID, Type, Lang string

	raw   string
	nodes []node // all elements, depth first; the stanza itself is 0
	few   [8]node
}

// Parse reads exactly one stanza. It copies raw. It checks well-formedness
// (RFC 6120 §11.3: no DTD, comment, processing instruction, undefined entity,
// forbidden character, unequal end tag), but takes an undeclared prefix, which
// ejabberd sends: an element with one has the namespace "" and its whole name,
// prefix included, as local name, so that nothing mistakes it for its own.
// The stream's default namespace, jabber:component:accept, and jabber:client
// are both read as the stanza's own and given as "".
// The error is a *SyntaxError. Depth and size are the Framer's to limit.
func Parse(raw []byte) (*Stanza, error) {
	s := &Stanza{raw: string(raw)}
	if err := s.parse(); err != nil {
		return nil, err
	}
	space, local := s.Root().Name()
	if s.Kind = kindOf(local); s.Kind == 0 || space != "" {
		return nil, &SyntaxError{Condition: unsupportedStanza, Text: "not a stanza"}
	}
	return s, nil
}

// Raw returns the wire bytes.
func (s *Stanza) Raw() string { return s.raw }

// Root returns the stanza as an element.
func (s *Stanza) Root() Element {
	if len(s.nodes) == 0 {
		return Element{}
	}
	return Element{s: s}
}

// Child returns the first child element with that name; namespace "" is the
// stanza's own.
func (s *Stanza) Child(space, local string) (Element, bool) { return s.Root().Child(space, local) }

// Children iterates over the child elements in document order.
func (s *Stanza) Children() iter.Seq[Element] { return s.Root().Children() }

// All iterates over the child elements with that name, in document order;
// namespace "" is the stanza's own.
func (s *Stanza) All(space, local string) iter.Seq[Element] { return s.Root().All(space, local) }

// Body returns the text of the body to show: the one without xml:lang or in
// the stanza's own language, else the first. ok tells whether there is any.
func (s *Stanza) Body() (text string, ok bool) {
	var first Element
	for e := range s.All("", "body") {
		if lang := e.Attr("xml:lang"); lang == "" || strings.EqualFold(lang, s.Lang) {
			return e.Text(), true
		}
		if first.s == nil {
			first = e
		}
	}
	return first.Text(), first.s != nil
}
