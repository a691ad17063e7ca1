// Package wire cuts an XMPP stream into stanzas, as cheaply as a load
// generator needs it. It trusts the server that it reads from: it finds the
// ends of elements and does not validate. Nothing of it is part of the gateway,
// so that an error there is not hidden by the same error here.
package wire

import (
	"bytes"
	"errors"
	"io"
)

// MaxStanza is the largest element that a Reader takes, in bytes.
const MaxStanza = 4 << 20

// ErrTooLarge is returned for an element larger than MaxStanza.
var ErrTooLarge = errors.New("wire: the server sent a stanza larger than 4 MiB")

// Reader cuts a stream into its top-level elements. It is not safe for
// concurrent use.
type Reader struct {
	r          io.Reader
	buf        []byte
	start, end int // what is read and not yet returned
	scan       scanner
	// Reads and Bytes count what came from the connection.
	Reads, Bytes int
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: r, buf: make([]byte, 64<<10)}
}

// Next returns the next top-level element. It blocks until there is one, is
// valid until the next call, and ends with io.EOF at the stream's end tag.
func (r *Reader) Next() ([]byte, error) {
	for {
		n, err := r.scan.element(r.buf[r.start:r.end])
		if err != nil {
			return nil, err
		}
		r.start += r.scan.skip
		r.scan.skip = 0
		if n > 0 {
			raw := r.buf[r.start : r.start+n]
			r.start += n
			return raw, nil
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// Buffered tells whether bytes wait that Next has not looked at. When it is
// false the next call of Next blocks.
func (r *Reader) Buffered() bool { return r.start < r.end && r.scan.pos == 0 }

func (r *Reader) fill() error {
	if r.start > 0 {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	if r.end == len(r.buf) {
		if r.end >= MaxStanza {
			return ErrTooLarge
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := r.r.Read(r.buf[r.end:])
	r.end += n
	r.Reads++
	r.Bytes += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// scanner finds the end of one element. Its state survives a read, so that no
// byte is looked at twice.
type scanner struct {
	pos   int // bytes of the element already looked at
	depth int
	skip  int // bytes in front that are no element
}

// element returns the length of the first element of b behind skip, or 0.
func (s *scanner) element(b []byte) (int, error) {
	for {
		open := bytes.IndexByte(b[s.pos:], '<')
		if open < 0 {
			return 0, nil
		}
		if s.depth == 0 { // white space, which keeps the connection alive
			s.skip += open
			b, s.pos, open = b[s.pos+open:], 0, 0
		}
		tag := b[s.pos+open:]
		n := tagEnd(tag)
		if n < 0 {
			s.pos += open
			return 0, nil
		}
		s.pos += open + n
		done, err := s.tag(tag[:n])
		if err != nil {
			return 0, err
		}
		if done {
			n, s.pos = s.pos, 0
			return n, nil
		}
		if s.depth == 0 {
			s.skip += s.pos
			b, s.pos = b[s.pos:], 0
		}
	}
}

// tag follows one tag and tells whether it ends a top-level element.
func (s *scanner) tag(t []byte) (bool, error) {
	switch {
	case t[1] == '?' || bytes.HasPrefix(t, []byte("<stream:stream")):
		return false, nil
	case t[1] == '/':
		s.depth--
		if s.depth < 0 {
			return false, io.EOF
		}
	case t[len(t)-2] != '/':
		s.depth++
	}
	return s.depth == 0, nil
}

// tagEnd returns the length of the tag at the start of b, or -1.
func tagEnd(b []byte) int {
	var quote byte
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return -1
}
