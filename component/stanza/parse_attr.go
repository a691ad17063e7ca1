package stanza

import "strings"

// manyAttributes is how many names of one tag are compared one by one.
const manyAttributes = 16

// attributes checks the attributes of a start tag up to its '>' or "/>".
func (p *parser) attributes(n *node) error {
	p.count, p.first = 0, 0
	s := p.raw
	for {
		i := p.i
		for i < len(s) && class[s[i]]&space != 0 {
			i++
		}
		none := i == p.i
		if p.i = i; i == len(s) {
			return p.fail("unexpected end")
		}
		if c := s[i]; c == '>' || c == '/' {
			return nil
		}
		if none {
			return p.fail("no space before an attribute")
		}
		if err := p.attribute(n); err != nil {
			return err
		}
	}
}

func (p *parser) attribute(n *node) error {
	end, _ := name(p.raw, p.i)
	if end == p.i {
		return p.fail("bad attribute name")
	}
	key := p.raw[p.i:end]
	if p.repeated(n, key) {
		return p.fail("attribute given twice")
	}
	p.i = end
	if err := p.equals(); err != nil {
		return err
	}
	value, plain, err := p.value()
	if err != nil {
		return err
	}
	if key[0] == 'x' && strings.HasPrefix(key, "xmlns") {
		n.flags |= declares
	}
	if p.cur == 0 {
		p.keep(key, value, plain)
	}
	return nil
}

// equals goes behind the equal sign, to the quote.
func (p *parser) equals() error {
	if rest := p.raw[p.i:]; len(rest) > 1 && rest[0] == '=' && rest[1] > ' ' {
		p.i++
		return nil
	}
	p.skipSpace()
	if p.i >= len(p.raw) || p.raw[p.i] != '=' {
		return p.fail("attribute without a value")
	}
	p.i++
	p.skipSpace()
	return nil
}

// value checks a quoted value. plain tells that it needs no decoding.
func (p *parser) value() (value string, plain bool, err error) {
	s := p.raw
	if p.i >= len(s) || s[p.i] != '\'' && s[p.i] != '"' {
		return "", false, p.fail("attribute value without quotes")
	}
	quote := s[p.i]
	start := p.i + 1
	plain = true
	for i := start; ; {
		i = plainValue(s, i)
		if p.i = i; i == len(s) {
			return "", false, p.fail("unexpected end")
		}
		switch c := s[i]; c {
		case quote:
			p.i++
			return s[start:i], plain, nil
		case '\'', '"':
			i++
		default:
			n, err := p.special() // refuses '<' too
			if err != nil {
				return "", false, err
			}
			plain = plain && c != '&' && c != '\r'
			i += n
		}
	}
}

// keep stores an attribute of the stanza itself.
func (p *parser) keep(name, value string, plain bool) {
	var to *string
	switch name {
	case "from":
		to = &p.From
	case "to":
		to = &p.To
	case "id":
		to = &p.ID
	case "type":
		to = &p.Type
	case "xml:lang":
		to = &p.Lang
	default:
		return
	}
	if !plain {
		value = unescape(value)
	}
	*to = value
}

// repeated tells whether the tag already has an attribute of that name. While
// there are few, one bit for the look of a name says that it is new, and only
// when the bit is set are the names before it compared.
func (p *parser) repeated(n *node, name string) bool {
	p.count++
	if p.count > manyAttributes {
		return p.repeatedMany(n, name)
	}
	bit := uint64(1) << ((uint(len(name))*7 + uint(name[0])) & 63)
	set := p.first&bit != 0
	p.first |= bit
	return set && p.before(n, name)
}

// before compares with each attribute that is already checked.
func (p *parser) before(n *node, name string) bool {
	a := attrs(p.raw[n.start+1+uint32(n.name) : p.i])
	for range p.count - 1 {
		if k, _, _ := a.next(); k == name {
			return true
		}
	}
	return false
}

func (p *parser) repeatedMany(n *node, name string) bool {
	if p.count == manyAttributes+1 {
		p.seen = make(map[string]struct{}, 2*manyAttributes)
		a := attrs(p.raw[n.start+1+uint32(n.name) : p.i])
		for range p.count - 1 {
			k, _, _ := a.next()
			p.seen[k] = struct{}{}
		}
	}
	_, found := p.seen[name]
	p.seen[name] = struct{}{}
	return found
}
