package component

import (
	"bytes"
	"errors"

	"causeway/component/stanza"
)

// frameKind says what a frame is.
type frameKind uint8

const (
	frameNone    frameKind = iota // more bytes are needed
	frameStanza                   // raw is a whole stanza
	frameSkipped                  // over a limit and skipped; head is its start tag
	frameError                    // raw is <stream:error/>
	frameEnd                      // </stream:stream>
)

// frame is what a framer found.
type frame struct {
	kind frameKind
	raw  []byte
	head *stanza.Stanza
}

// framer finds the boundaries of stanzas.
type framer struct{ max int }

func newFramer(c Config) framer { return framer{c.MaxStanza} }

func (f *framer) State(b []byte) []byte { return b }

func (f *framer) Restore([]byte) error { return nil }

// Next returns the next frame of b and how many bytes are done with.
func (f *framer) Next(b []byte) (frame, int, error) {
	start := len(b) - len(bytes.TrimLeft(b, " \t\r\n"))
	depth := 0
	for i := start; ; {
		lt := bytes.IndexByte(b[i:], '<')
		if lt < 0 {
			return frame{}, start, nil
		}
		open := i + lt
		end := tagEnd(b, open)
		if end < 0 {
			return frame{}, start, nil
		}
		switch {
		case b[open+1] == '!' || b[open+1] == '?':
			return frame{}, start, &stanza.SyntaxError{Condition: "restricted-xml", Text: "no stanza"}
		case b[open+1] == '/':
			depth--
		case b[end-2] != '/':
			depth++
		}
		i = end
		switch {
		case depth < 0:
			return frame{kind: frameEnd}, i, nil
		case depth > 0:
			continue
		case bytes.HasPrefix(b[start:], []byte("<stream:error")):
			return frame{kind: frameError, raw: b[start:i]}, i, nil
		case i-start > f.max:
			return frame{}, i, errors.New("a stanza that is too large")
		}
		return frame{kind: frameStanza, raw: b[start:i]}, i, nil
	}
}

// tagEnd returns the place behind the tag that begins at i; -1 if b ends first.
func tagEnd(b []byte, i int) int {
	var quote byte
	for ; i < len(b); i++ {
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
