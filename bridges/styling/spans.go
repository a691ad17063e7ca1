package styling

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// span is a part of a line between two directives, which stand at open and at end.
type span struct {
	kind      byte
	open, end int
	inner     []span
}

// spansOf returns the spans of a line, in time in proportion to it.
func spansOf(line string) []span {
	s := scanner{line: line}
	return s.spans(0, len(line), 0)
}

// scanner finds spans from the beginning of a line to its end, each with the first
// end that it can have.
type scanner struct {
	line string
	next [len(directives)]int // where the next directive of each kind that can close was found
	// meant tells whether a directive may open a span; nil: all may. It is asked in
	// the order of the line. Others that would open one are collected.
	meant  func(at int) bool
	others []int
}

// spans finds those between two places. A span opens there at once, or behind a
// space; but not right behind a directive of its own kind.
func (s *scanner) spans(from, to int, parent byte) (all []span) {
	opens := true
	for i := from; i < to; {
		end := 0
		if opens && (i > from || s.line[i] != parent) {
			end = s.end(i, to)
		}
		if end > 0 {
			if s.meant == nil || s.meant(i) {
				x := span{kind: s.line[i], open: i, end: end}
				if x.kind != '`' {
					x.inner = s.spans(i+1, end, x.kind)
				}
				all, i, opens = append(all, x), end+1, false
				continue
			}
			s.others = append(s.others, i)
		}
		r, n := utf8.DecodeRuneInString(s.line[i:])
		i, opens = i+n, unicode.IsSpace(r)
	}
	return all
}

// end returns where the span ends that a directive at i would open; 0: it opens
// none. Between both there is more than directives of the same kind.
func (s *scanner) end(i, to int) int {
	d := strings.IndexByte(directives, s.line[i])
	if d < 0 {
		return 0
	}
	if r, _ := utf8.DecodeRuneInString(s.line[i+1:]); unicode.IsSpace(r) {
		return 0
	}
	text := len(s.line) - len(strings.TrimLeft(s.line[i:], directives[d:d+1]))
	for n := max(s.next[d], text+1); ; n++ {
		if n >= len(s.line) || closes(s.line, n, directives[d]) {
			s.next[d] = n
			break
		}
	}
	if s.next[d] >= to {
		return 0
	}
	return s.next[d]
}

// closes tells whether a directive of a kind stands at a place where it can end a
// span: not behind a space.
func closes(line string, at int, kind byte) bool {
	if line[at] != kind {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(line[:at])
	return !unicode.IsSpace(r)
}
