package stanza

import "strings"

// Limits bound what one stanza may be. Zero means the default.
type Limits struct {
	Size       int // bytes; 0: 512 KiB
	Depth      int // levels of elements, the stanza itself counted; 0: 100
	Attributes int // of one element; 0: 100
}

func (l *Limits) defaults() {
	for _, x := range []struct {
		v *int
		d int
	}{{&l.Size, 512 << 10}, {&l.Depth, 100}, {&l.Attributes, 100}} {
		if *x.v <= 0 {
			*x.v = x.d
		}
	}
}

// FrameKind says what a Frame is.
type FrameKind uint8

// The kinds of frames.
const (
	FrameStanza  FrameKind = iota + 1 // a message, presence or iq, not yet parsed
	FrameElement                      // another child of the stream, e.g. <stream:error>
	FrameSkipped                      // a stanza beyond a limit; its bytes are gone
	FrameHeader                       // <stream:stream …>
	FrameEnd                          // </stream:stream>; what follows is ignored
)

// Frame is one unit of the stream.
type Frame struct {
	Kind FrameKind
	// Raw is the bytes; nil when skipped. It is valid until the next Space or
	// Restore.
	Raw []byte
	// End is the offset in the stream behind the last byte.
	End uint64
	// Head is what could be read of a skipped stanza: kind (0 when it is another
	// element) and attributes. It has no children, and Error.Reply takes it.
	Head *Stanza
	// Reason says which limit a skipped stanza exceeds.
	Reason string
}

// Framer finds the boundaries of stanzas in a stream (RFC 6120 §11). It looks at
// each byte once, in whatever pieces they come, and holds no more than one
// unfinished stanza of the size limit and the last piece. A stanza beyond a limit
// is skipped to its end and reported then.
//
//	read into Space(n) → Advance(bytes read) → Next until it has none → again
//
// It refuses processing instructions, comments, DTDs, text between stanzas and a
// second stream header, in skipped stanzas too; all else inside a stanza is
// checked by Parse. A Framer belongs to one goroutine.
type Framer struct {
	limits Limits
	buf    []byte
	start  int    // of the current unit
	pos    int    // of the next byte to look at
	base   uint64 // offset in the stream of buf[0]

	state  state
	header bool // <stream:stream> is still expected
	depth  int  // open elements below the stream
	attrs  int  // of the current start tag
	match  int  // bytes of "[CDATA[", "]]>" or "?>" seen
	skip   *Frame
	err    error
}

type state uint8

const (
	inContent state = iota // outside markup
	inOpen                 // behind '<'
	inTag                  // in a start tag, outside quotes
	inApos                 // in a value in single quotes
	inQuot                 // in a value in double quotes
	inSlash                // behind the '/' of an empty element
	inEnd                  // in an end tag
	inBang                 // behind "<!"
	inCDATA                // in a CDATA section
	inDecl                 // in the XML declaration
	inNothing              // the stream has ended
	states
)

// NewFramer returns a framer at offset 0. header says that the stream begins
// with <stream:stream>; else that was read by somebody else.
func NewFramer(l Limits, header bool) *Framer {
	l.defaults()
	return &Framer{limits: l, header: header}
}

// Space returns room for n bytes behind those already given. Call it
// when Next has no more.
func (f *Framer) Space(n int) []byte {
	if f.start > 0 {
		f.base += uint64(f.start)
		f.buf = f.buf[:copy(f.buf, f.buf[f.start:])]
		f.pos -= f.start
		f.start = 0
	}
	need := len(f.buf) + n
	if c := cap(f.buf); need > c || need < c/4 {
		size := need
		if need > c { // so that a large stanza is not copied at every read
			size = max(need, min(2*c, f.limits.Size+n))
		}
		f.buf = append(make([]byte, 0, size), f.buf...)
	}
	return f.buf[len(f.buf):need]
}

// Advance says that n bytes of Space are filled.
func (f *Framer) Advance(n int) { f.buf = f.buf[:len(f.buf)+n] }

// Offset returns the offset in the stream behind all bytes given.
func (f *Framer) Offset() uint64 { return f.base + uint64(len(f.buf)) }

// Next returns the next complete unit; ok is false when there is none. The error
// is a *SyntaxError, stays, and ends the stream.
func (f *Framer) Next() (fr Frame, ok bool, err error) {
	if f.err != nil {
		return Frame{}, false, f.err
	}
	kind, err := f.scan()
	if err == nil {
		err = f.limit(kind)
	}
	if err != nil {
		f.err = err
		return Frame{}, false, err
	}
	if kind == 0 {
		return Frame{}, false, nil
	}
	return f.cut(kind), true, nil
}

// cut takes the finished unit out.
func (f *Framer) cut(kind FrameKind) (fr Frame) {
	if f.skip != nil {
		fr = *f.skip
		f.skip = nil
	} else {
		fr = Frame{Kind: kind, Raw: f.buf[f.start:f.pos:f.pos]}
		if kind == FrameStanza {
			n := nameEnd(fr.Raw)
			if kindOf(string(fr.Raw[1:n])) == 0 {
				fr.Kind = FrameElement
			}
		}
	}
	f.start = f.pos
	fr.End = f.base + uint64(f.pos)
	return fr
}

// limit checks the size of what was looked at, and forgets what is skipped.
func (f *Framer) limit(kind FrameKind) error {
	if f.skip == nil && f.pos-f.start > f.limits.Size {
		if kind > FrameSkipped || f.depth == 0 && (f.header || f.state == inEnd) {
			return f.fail(notWellFormed, "stream tag too large")
		}
		f.exceed("")
	}
	if f.skip != nil && kind == 0 {
		f.start = f.pos
	}
	return nil
}

// exceed begins to skip. What it reports depends only on the bytes up to the
// limit, never on the pieces in which they came.
func (f *Framer) exceed(reason string) {
	if f.skip != nil {
		return
	}
	end := f.pos
	if end-f.start > f.limits.Size {
		end, reason = f.start+f.limits.Size, "larger than the size limit"
	}
	f.skip = &Frame{Kind: FrameSkipped, Reason: reason, Head: Head(f.buf[f.start:end])}
}

// maxHead is how much of a start tag is read of a stanza that is skipped.
const maxHead = 16 << 10

// Head reads kind and attributes of a stanza as far as they are there and in
// order, and looks at nothing else.
func Head(raw []byte) *Stanza {
	p := parser{Stanza: &Stanza{raw: string(raw[:min(len(raw), maxHead)])}}
	n := nameEnd([]byte(p.raw))
	h := &Stanza{}
	if n < len(p.raw) {
		h.Kind = kindOf(p.raw[1:n])
		_, _ = p.startTag() // what it read before an error counts
	}
	h.From, h.To = strings.Clone(p.From), strings.Clone(p.To)
	h.ID, h.Type, h.Lang = strings.Clone(p.ID), strings.Clone(p.Type), strings.Clone(p.Lang)
	return h
}

// nameEnd returns the offset behind the name of the element at the start.
func nameEnd(raw []byte) int {
	i := min(1, len(raw))
	for i < len(raw) && class[raw[i]]&nameByte != 0 {
		i++
	}
	return i
}

func (f *Framer) fail(condition, text string) error {
	return &SyntaxError{Condition: condition, Text: text, Offset: int(f.base) + f.pos}
}
