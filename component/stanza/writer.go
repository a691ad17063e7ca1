package stanza

// Writer builds a piece of XML by appending. Its zero value is ready to use.
// It is always well-formed: text and attribute values are escaped, forbidden
// characters dropped, and elements still open are closed by Bytes.
// Names and namespaces are constants of the program, never input.
// A Writer belongs to one goroutine; of a copy and its original only one may be
// written further.
type Writer struct {
	buf  []byte
	few  [8]level
	more []level
	n    int  // open elements
	tag  bool // the last start tag still lacks its '>'
}

// level is an open element.
type level struct {
	name    uint32 // offset of its name
	len     uint16
	foreign bool // the default namespace inside is not the stanza's own
}

// Start opens an element. space is written as xmlns unless it is empty.
// attrs are pairs of name and value; a pair with an empty value is left out.
func (w *Writer) Start(local, space string, attrs ...string) *Writer {
	w.content()
	l := level{name: uint32(len(w.buf)) + 1, len: uint16(len(local)), foreign: w.foreign()}
	w.buf = append(w.buf, '<')
	w.buf = append(w.buf, local...)
	if space != "" {
		w.buf = appendAttr(w.buf, "xmlns", space)
		l.foreign = own(space) != ""
	}
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i+1] != "" {
			w.buf = appendAttr(w.buf, attrs[i], attrs[i+1])
		}
	}
	w.push(l)
	w.tag = true
	return w
}

// Text appends character data.
func (w *Writer) Text(s string) *Writer {
	w.content()
	w.buf = appendEscaped(w.buf, s, false)
	return w
}

// End closes the innermost open element.
func (w *Writer) End() *Writer {
	if w.n == 0 {
		return w
	}
	l := *w.top()
	w.n--
	if len(w.more) > 0 {
		w.more = w.more[:len(w.more)-1]
	}
	if w.tag {
		w.tag = false
		w.buf = append(w.buf, "/>"...)
		return w
	}
	w.buf = append(w.buf, "</"...)
	w.buf = append(w.buf, w.buf[l.name:l.name+uint32(l.len)]...)
	w.buf = append(w.buf, '>')
	return w
}

// Leaf is Start, Text (when s is not empty) and End.
func (w *Writer) Leaf(local, space, s string, attrs ...string) *Writer {
	w.Start(local, space, attrs...)
	if s != "" {
		w.Text(s)
	}
	return w.End()
}

// Bytes returns the XML written so far. The Writer stays the owner.
func (w *Writer) Bytes() []byte {
	for w.n > 0 {
		w.End()
	}
	return w.buf
}

// content closes the start tag, so that something can follow inside.
func (w *Writer) content() {
	if w.buf == nil {
		w.buf = make([]byte, 0, 256)
	}
	if w.tag {
		w.buf = append(w.buf, '>')
		w.tag = false
	}
}

func (w *Writer) push(l level) {
	if w.n < len(w.few) {
		w.few[w.n] = l
	} else {
		w.more = append(w.more, l)
	}
	w.n++
}

// top returns the innermost open element.
func (w *Writer) top() *level {
	if w.n <= len(w.few) {
		return &w.few[w.n-1]
	}
	return &w.more[len(w.more)-1]
}

// foreign tells whether an element without xmlns would not be in the stanza's
// own namespace here.
func (w *Writer) foreign() bool { return w.n > 0 && w.top().foreign }
