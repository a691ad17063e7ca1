package stanza

import (
	"math"
	"strings"
)

// node is one element. Offsets are into the stanza's raw bytes.
type node struct {
	start  uint32 // of its '<'
	body   uint32 // behind its start tag
	close  uint32 // of its end tag; body if it has none
	next   uint32 // index of the first node behind its subtree
	parent uint32 // index
	name   uint16 // length, from start+1
	flags  uint8
}

// What is known of an element.
const (
	prefixed   uint8 = 1 << iota // its name has a colon
	declares                     // it declares namespaces
	selfClosed                   // it has no end tag
	dirty                        // its text needs decoding
)

const (
	cdataStart = "<![CDATA["
	cdataEnd   = "]]>"
)

// parser checks a stanza in one pass and fills its nodes. Nothing recurses: the
// open elements are the chain of parents.
type parser struct {
	*Stanza
	i   int    // position
	cur uint32 // innermost open element

	count int                 // attributes of the tag being read
	seen  map[string]struct{} // their names, once there are many
	first uint64              // a bit for what a name looks like
}

func (s *Stanza) parse() error {
	if len(s.raw) > math.MaxInt32 {
		return &SyntaxError{Condition: badFormat, Text: "more than 2 GiB"}
	}
	s.nodes = s.few[:0]
	p := parser{Stanza: s}
	if len(s.raw) == 0 || s.raw[0] != '<' {
		return p.fail("no element at the start")
	}
	open, err := p.startTag()
	for open && err == nil {
		if err = p.text(); err == nil {
			open, err = p.markup()
		}
	}
	if err != nil {
		return err
	}
	if p.i != len(s.raw) {
		return p.fail("more than one element")
	}
	return nil
}

// markup reads what begins with '<' inside an element. open is false when the outermost element
// is closed.
func (p *parser) markup() (open bool, err error) {
	if p.i+1 >= len(p.raw) {
		return false, p.fail("unexpected end")
	}
	switch p.raw[p.i+1] {
	case '/':
		return p.endTag()
	case '!':
		return true, p.cdata()
	case '?':
		return false, p.restricted("processing instruction")
	}
	return p.startTag()
}

func (p *parser) startTag() (open bool, err error) {
	end, colon := name(p.raw, p.i+1)
	n := end - p.i - 1
	if n == 0 || n > math.MaxUint16 {
		return false, p.fail("bad element name")
	}
	self := uint32(len(p.nodes))
	nd := node{start: uint32(p.i), parent: p.cur, name: uint16(n)}
	if colon {
		nd.flags = prefixed
	}
	p.nodes = append(p.nodes, nd)
	p.cur = self
	p.i = end
	if err := p.attributes(&p.nodes[self]); err != nil {
		return false, err
	}
	if p.raw[p.i] == '>' {
		p.i++
		p.nodes[self].body = uint32(p.i)
		return true, nil
	}
	if p.i+1 >= len(p.raw) || p.raw[p.i+1] != '>' {
		return false, p.fail("bad start tag")
	}
	p.i += 2
	e := &p.nodes[self]
	e.body, e.close = uint32(p.i), uint32(p.i)
	e.flags |= selfClosed
	return p.leave(), nil
}

// leave closes the innermost element and tells whether another is open.
func (p *parser) leave() (open bool) {
	e := &p.nodes[p.cur]
	e.next = uint32(len(p.nodes))
	open = p.cur != 0
	p.cur = e.parent
	return open
}

func (p *parser) endTag() (open bool, err error) {
	e := &p.nodes[p.cur]
	name := p.name(e)
	rest := p.raw[p.i+2:]
	if !strings.HasPrefix(rest, name) {
		return false, p.fail("unequal end tag")
	}
	e.close = uint32(p.i)
	p.i += 2 + len(name)
	p.skipSpace()
	if p.i >= len(p.raw) || p.raw[p.i] != '>' {
		return false, p.fail("unequal end tag")
	}
	p.i++
	return p.leave(), nil
}

func (p *parser) skipSpace() {
	for p.i < len(p.raw) && class[p.raw[p.i]]&space != 0 {
		p.i++
	}
}

// text checks character data up to the next '<'.
func (p *parser) text() error {
	s, i, start := p.raw, p.i, p.i
	for {
		i = plainText(s, i)
		if p.i = i; i == len(s) {
			return p.fail("unexpected end")
		}
		switch c := s[i]; c {
		case '<':
			return nil
		case '>':
			if strings.HasSuffix(s[start:i], "]]") {
				return p.fail("]]> outside a CDATA section")
			}
			i++
		default:
			n, err := p.special()
			if err != nil {
				return err
			}
			if c == '&' || c == '\r' {
				p.nodes[p.cur].flags |= dirty
			}
			i += n
		}
	}
}

// special checks a reference, a carriage return or a character outside ASCII,
// and returns its length.
func (p *parser) special() (n int, err error) {
	switch c := p.raw[p.i]; {
	case c == '\r':
		return 1, nil
	case c == '&':
		r, n := entity(p.raw[p.i:])
		if n == 0 {
			return 0, p.fail("bad reference")
		}
		if r == 0 {
			return 0, p.restricted("undefined entity")
		}
		return n, nil
	case c >= 0x80:
		if n = charLen(p.raw, p.i); n > 0 {
			return n, nil
		}
	}
	return 0, p.fail("forbidden character")
}

// cdata checks a CDATA section; nothing else may begin with "<!".
func (p *parser) cdata() error {
	if !strings.HasPrefix(p.raw[p.i:], cdataStart) {
		return p.restricted("comment or DTD")
	}
	p.i += len(cdataStart)
	n := strings.Index(p.raw[p.i:], cdataEnd)
	if n < 0 {
		return p.fail("unexpected end")
	}
	for end := p.i + n; p.i < end; {
		if c := p.raw[p.i]; c == '&' || class[c]&inText == 0 || c == '<' || c == '>' {
			p.i++
			continue
		}
		n, err := p.special()
		if err != nil {
			return err
		}
		p.i += n
	}
	p.i += len(cdataEnd)
	p.nodes[p.cur].flags |= dirty
	return nil
}
