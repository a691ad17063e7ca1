// Package stanza is the codec of the link: it finds the boundaries of stanzas
// in a stream of bytes (RFC 6120 §11), reads messages, presence and IQs by
// hand, without reflection, and writes them by appending.
package stanza

import "iter"

// Kind is the kind of a stanza.
type Kind uint8

// The kinds of RFC 6120 §8.
const (
	Message Kind = iota + 1
	Presence
	IQ
)

// Stanza is one stanza as it was received. It holds one copy of the wire
// bytes, which all its strings share. It never changes: use it from any
// goroutine.
type Stanza struct {
	Kind Kind
	// The attributes, unescaped; empty when absent.
	From, To, ID, Type, Lang string
}

// Parse reads exactly one stanza. It copies raw. It checks well-formedness
// (RFC 6120 §11.3: no DTD, comment, processing instruction, undefined entity,
// forbidden character, unequal end tag), but takes an undeclared prefix, which
// ejabberd sends: such an attribute or element has the namespace "".
// The stream's default namespace, jabber:component:accept, and jabber:client
// are both read as the stanza's own and given as "".
func Parse(raw []byte) (*Stanza, error) { panic("stub") }

// Raw returns the wire bytes.
func (s *Stanza) Raw() string { panic("stub") }

// Child returns the first child element with that name; namespace "" is the
// stanza's own.
func (s *Stanza) Child(space, local string) (Element, bool) { panic("stub") }

// Children iterates over the child elements in document order.
func (s *Stanza) Children() iter.Seq[Element] { panic("stub") }

// Body returns the text of the body to show: the one without xml:lang or in
// the stanza's own language, else the first. ok tells whether there is any.
func (s *Stanza) Body() (text string, ok bool) { panic("stub") }

// Element is a view of one element of a stanza. The zero Element is empty.
type Element struct{}

// Name returns the namespace ("" is the stanza's own) and the local name.
func (e Element) Name() (space, local string) { panic("stub") }

// Attr returns the attribute without a prefix, unescaped; "" when absent.
func (e Element) Attr(local string) string { panic("stub") }

// Text returns the character data directly inside, unescaped and joined.
func (e Element) Text() string { panic("stub") }

// Child and Children are as for a Stanza.
func (e Element) Child(space, local string) (Element, bool) { panic("stub") }

// Children iterates over the child elements in document order.
func (e Element) Children() iter.Seq[Element] { panic("stub") }
