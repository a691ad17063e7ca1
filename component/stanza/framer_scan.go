package stanza

import "bytes"

// scan goes on until a unit is complete, whose kind it returns (FrameStanza for
// any element), or there are no more bytes.
func (f *Framer) scan() (done FrameKind, err error) {
	for done == 0 && err == nil && f.pos < len(f.buf) {
		switch f.state {
		case inContent:
			err = f.content()
		case inOpen:
			err = f.open()
		case inTag:
			done, err = f.tag()
		case inApos:
			f.value('\'')
		case inQuot:
			f.value('"')
		case inSlash:
			done, err = f.empty()
		case inEnd:
			done, err = f.endTag()
		case inBang:
			err = f.bang()
		case inCDATA:
			f.cdata()
		case inDecl:
			err = f.decl()
		case inNothing:
			f.pos = len(f.buf)
			f.start = f.pos
		}
	}
	return done, err
}

func (f *Framer) content() error {
	if f.depth == 0 {
		return f.between()
	}
	n := bytes.IndexByte(f.buf[f.pos:], '<')
	if n < 0 {
		f.pos = len(f.buf)
		return nil
	}
	f.pos += n + 1
	f.state = inOpen
	return nil
}

// between skips the white space that servers send to keep the stream alive.
func (f *Framer) between() error {
	for f.pos < len(f.buf) && class[f.buf[f.pos]]&space != 0 {
		f.pos++
	}
	f.start = f.pos
	if f.pos == len(f.buf) {
		return nil
	}
	if f.buf[f.pos] != '<' {
		return f.fail(badFormat, "text between stanzas")
	}
	f.pos++
	f.state = inOpen
	return nil
}

// open decides by the byte behind '<'.
func (f *Framer) open() error {
	switch c := f.buf[f.pos]; {
	case c == '/':
		f.state = inEnd
		f.pos++
	case c == '!':
		if f.depth == 0 {
			return f.fail(restrictedXML, "comment or DTD")
		}
		f.state, f.match = inBang, 0
		f.pos++
	case c == '?':
		if !f.header || f.base+uint64(f.start) > 0 || f.pos != f.start+1 {
			return f.fail(restrictedXML, "processing instruction")
		}
		f.state, f.match = inDecl, 0
		f.pos++
	case class[c]&nameStart == 0:
		return f.fail(notWellFormed, "bad element name")
	default:
		if f.depth >= f.limits.Depth {
			f.exceed("nested deeper than the limit")
		}
		f.state, f.attrs = inTag, 0
	}
	return nil
}

// tag goes through a start tag. Values that are whole are passed here, without
// a change of state.
func (f *Framer) tag() (done FrameKind, err error) {
	b, i := f.buf, f.pos
	for {
		for i < len(b) && class[b[i]]&stopsTag == 0 {
			i++
		}
		if f.pos = i; i == len(b) {
			return 0, nil
		}
		c := b[i]
		f.pos++
		switch c {
		case '>':
			return f.opened()
		case '/':
			f.state = inSlash
			return 0, nil
		case '<':
			return 0, f.fail(notWellFormed, "< in a tag")
		}
		if f.attrs++; f.attrs > f.limits.Attributes {
			if f.header {
				return 0, f.fail(notWellFormed, "stream tag with too many attributes")
			}
			f.exceed("more attributes than the limit")
		}
		n := bytes.IndexByte(b[i+1:], c)
		if n < 0 {
			f.state = inQuot
			if c == '\'' {
				f.state = inApos
			}
			f.pos = len(b)
			return 0, nil
		}
		i += n + 2
	}
}

// opened ends a start tag.
func (f *Framer) opened() (done FrameKind, err error) {
	f.state = inContent
	if f.header {
		f.header = false
		return FrameHeader, nil
	}
	if f.depth == 0 && f.skip == nil && bytes.HasPrefix(f.buf[f.start:], []byte("<stream:stream")) {
		return 0, f.fail(badFormat, "second stream header") // all stanzas would be inside
	}
	f.depth++
	return 0, nil
}

func (f *Framer) value(quote byte) {
	n := bytes.IndexByte(f.buf[f.pos:], quote)
	if n < 0 {
		f.pos = len(f.buf)
		return
	}
	f.pos += n + 1
	f.state = inTag
}

// empty ends an element without content.
func (f *Framer) empty() (done FrameKind, err error) {
	if f.buf[f.pos] != '>' || f.header {
		return 0, f.fail(notWellFormed, "bad start tag")
	}
	f.pos++
	f.state = inContent
	if f.depth > 0 {
		return 0, nil
	}
	return FrameStanza, nil
}

func (f *Framer) endTag() (done FrameKind, err error) {
	n := bytes.IndexByte(f.buf[f.pos:], '>')
	if n < 0 {
		f.pos = len(f.buf)
		return 0, nil
	}
	f.pos += n + 1
	f.state = inContent
	switch f.depth {
	case 0:
		return f.streamEnd()
	case 1:
		done = FrameStanza
	}
	f.depth--
	return done, nil
}

func (f *Framer) streamEnd() (done FrameKind, err error) {
	name := bytes.TrimRight(f.buf[f.start+2:f.pos-1], " \t\r\n")
	_, local, found := bytes.Cut(name, []byte{':'})
	if !found {
		local = name
	}
	if f.header || string(local) != "stream" {
		return 0, f.fail(notWellFormed, "unequal end tag")
	}
	f.state = inNothing
	return FrameEnd, nil
}

// bang goes through "[CDATA["; nothing else may follow "<!".
func (f *Framer) bang() error {
	rest := cdataStart[len("<!"):]
	if f.buf[f.pos] != rest[f.match] {
		return f.fail(restrictedXML, "comment or DTD")
	}
	f.pos++
	if f.match++; f.match == len(rest) {
		f.state, f.match = inCDATA, 0
	}
	return nil
}

// cdata looks for "]]>". match counts the brackets just before.
func (f *Framer) cdata() {
	for f.pos < len(f.buf) {
		c := f.buf[f.pos]
		f.pos++
		switch {
		case c == ']':
			f.match = min(f.match+1, 2)
		case c == '>' && f.match == 2:
			f.state = inContent
			return
		default:
			f.match = 0
		}
	}
}

// decl goes through the XML declaration to "?>".
func (f *Framer) decl() error {
	for f.pos < len(f.buf) {
		c := f.buf[f.pos]
		f.pos++
		if c == '>' && f.match == 1 {
			raw := f.buf[f.start:f.pos]
			if len(raw) > f.limits.Size {
				return f.fail(notWellFormed, "stream tag too large")
			}
			if !bytes.HasPrefix(raw, []byte("<?xml")) || class[raw[len("<?xml")]]&space == 0 {
				return f.fail(restrictedXML, "processing instruction")
			}
			f.start, f.state = f.pos, inContent
			return nil
		}
		f.match = 0
		if c == '?' {
			f.match = 1
		}
	}
	return nil
}
