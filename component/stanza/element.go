package stanza

import (
	"iter"
	"strings"
)

// Element is a view of one element of a stanza. The zero Element is empty.
type Element struct {
	s *Stanza
	i uint32
}

// The namespaces that a stanza may have; both are given as "".
const (
	nsClient    = "jabber:client"           // RFC 6120
	nsComponent = "jabber:component:accept" // XEP-0114
	nsXML       = "http://www.w3.org/XML/1998/namespace"
)

// Name returns the namespace ("" is the stanza's own) and the local name.
func (e Element) Name() (space, local string) {
	if e.s == nil {
		return "", ""
	}
	n := &e.s.nodes[e.i]
	name := e.s.name(n)
	if n.flags&prefixed == 0 {
		return e.s.defaultSpace(e.i), name
	}
	if uri, local, ok := e.s.bound(e.i, name); ok {
		return own(uri), local
	}
	return "", name
}

// Attr returns the attribute without a prefix, unescaped; "" when absent. The
// one with a prefix that XML itself declares is asked for as "xml:lang".
func (e Element) Attr(local string) string {
	if e.s == nil {
		return ""
	}
	v, _ := e.s.attr(&e.s.nodes[e.i], local)
	return unescape(v)
}

// Text returns the character data directly inside, unescaped and joined.
func (e Element) Text() string {
	if e.s == nil {
		return ""
	}
	n := &e.s.nodes[e.i]
	leaf := n.next == e.i+1
	if leaf && n.flags&dirty == 0 {
		return e.s.raw[n.body:n.close]
	}
	var b []byte
	pos := n.body
	for c := range e.Children() {
		child := &e.s.nodes[c.i]
		b = appendText(b, e.s.raw[pos:child.start])
		pos = e.s.end(child)
	}
	return string(appendText(b, e.s.raw[pos:n.close]))
}

// Child returns the first child element with that name; namespace "" is the
// stanza's own.
func (e Element) Child(space, local string) (Element, bool) {
	for c := range e.All(space, local) {
		return c, true
	}
	return Element{}, false
}

// All iterates over the child elements with that name, in document order;
// namespace "" is the stanza's own.
func (e Element) All(space, local string) iter.Seq[Element] {
	return func(yield func(Element) bool) {
		for c := range e.Children() {
			if c.is(space, local) && !yield(c) {
				return
			}
		}
	}
}

// Children iterates over the child elements in document order.
func (e Element) Children() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		if e.s == nil {
			return
		}
		nodes := e.s.nodes
		for i := e.i + 1; i < nodes[e.i].next; i = nodes[i].next {
			if !yield(Element{e.s, i}) {
				return
			}
		}
	}
}

// is compares the local name first: most children are not what is looked for,
// and their namespace need not be found.
func (e Element) is(space, local string) bool {
	n := &e.s.nodes[e.i]
	name := e.s.name(n)
	if n.flags&prefixed == 0 {
		return name == local && e.s.defaultSpace(e.i) == space
	}
	if !strings.HasSuffix(name, local) {
		return false
	}
	s, l := e.Name()
	return l == local && s == space
}

func (s *Stanza) name(n *node) string { return s.raw[n.start+1 : n.start+1+uint32(n.name)] }

// end returns the offset behind an element.
func (s *Stanza) end(n *node) uint32 {
	if n.flags&selfClosed != 0 {
		return n.body
	}
	return n.close + uint32(strings.IndexByte(s.raw[n.close:], '>')) + 1
}

// attr finds an attribute by its name as it is written; the value is escaped.
func (s *Stanza) attr(n *node, name string) (value string, ok bool) {
	a := attrs(s.raw[n.start+1+uint32(n.name) : n.body])
	for {
		k, v, more := a.next()
		if !more {
			return "", false
		}
		if k == name {
			return v, true
		}
	}
}

// attrs walks over the attributes of a checked start tag, behind its name.
type attrs string

func (a *attrs) next() (name, value string, ok bool) {
	s := string(*a)
	i := 0
	for class[s[i]]&space != 0 {
		i++
	}
	if s[i] == '>' || s[i] == '/' {
		return "", "", false
	}
	start := i
	for class[s[i]]&nameByte != 0 {
		i++
	}
	name = s[start:i]
	for s[i] != '\'' && s[i] != '"' {
		i++
	}
	n := strings.IndexByte(s[i+1:], s[i])
	value = s[i+1 : i+1+n]
	*a = attrs(s[i+n+2:])
	return name, value, true
}
