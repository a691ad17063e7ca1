package styling

import (
	"strings"
	"unicode/utf8"
)

// run is a piece of a line: its text, and the directives of the spans that it is in,
// the outermost first and none twice.
type run struct{ text, marks string }

// line is one of a text to be made.
type line struct {
	quotes int // how many quotations it is in
	raw    bool
	runs   []run
}

// preformatted is a block of which every space counts.
type preformatted struct {
	strings.Builder
	code bool // it is said to be code
	info string
}

// writer makes lines of what is seen of HTML.
type writer struct {
	lines    []line
	runs     []run  // the line that is being written
	marks    string // the spans that are open
	quotes   int
	lead     string // the beginning of the next line, in an item of a list
	indent   string // the beginning of others there
	gap      bool   // what was said last stands apart
	unquoted bool   // a quotation has just ended
	pre      *preformatted
	label    *strings.Builder // what a link says
	size     int              // of all, at least
}

// text writes what is seen: white space as one space, and none at the beginning of a
// line.
func (w *writer) text(s string) {
	s = readable(s)
	if w.label != nil {
		w.label.WriteString(s)
	}
	if w.pre != nil {
		w.size += len(s)
		w.pre.WriteString(s)
		return
	}
	var b strings.Builder
	space := w.spaced()
	for _, r := range s {
		if isHTMLSpace(r) {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		b.WriteRune(r)
		space = false
	}
	if b.Len() == 0 {
		return
	}
	if len(w.runs) == 0 && w.lead+w.indent != "" {
		w.add(w.beginning(), "")
	}
	w.add(b.String(), w.marks)
	w.gap = false
}

// spaced tells whether a space would not be seen now.
func (w *writer) spaced() bool {
	return len(w.runs) == 0 || strings.HasSuffix(w.runs[len(w.runs)-1].text, " ")
}

func (w *writer) beginning() string {
	s := w.indent
	if w.lead != "" {
		s, w.lead = w.lead, ""
	}
	return s
}

func (w *writer) add(s, marks string) {
	w.size += len(s)
	w.runs = append(w.runs, run{s, marks})
}

// readable drops what no text has (XML 1.0, production 2).
func readable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && !isHTMLSpace(r) || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, lineFeeds.Replace(s))
}

// feed ends a line.
func (w *writer) feed() {
	if w.pre != nil {
		w.pre.WriteByte('\n')
		return
	}
	w.put(line{runs: w.runs})
	w.runs = nil
}

// block ends a line that has something on it.
func (w *writer) block() {
	if len(w.runs) > 0 {
		w.feed()
	}
}

// apart leaves a line empty behind what stands apart, too.
func (w *writer) apart() {
	if w.gap {
		w.feed()
		w.gap = false
	}
}

func (w *writer) put(l line) {
	l.quotes = w.quotes
	w.size += 2*l.quotes + 1
	w.lines, w.unquoted = append(w.lines, l), false
}

// mark has what follows be in a span; false: it is in such a one already, or is to
// be shown as it is.
func (w *writer) mark(kind byte) bool {
	if w.pre != nil || strings.IndexByte(w.marks, kind) >= 0 || strings.HasSuffix(w.marks, "`") {
		return false
	}
	w.marks += string(rune(kind))
	return true
}

// unmark ends the innermost span.
func (w *writer) unmark() { w.marks = w.marks[:len(w.marks)-1] }

// maxIndent bounds how far items of lists are indented.
const maxIndent = 24

// item begins one of a list.
func (w *writer) item(marker string) {
	w.lead, w.gap = w.indent+marker, false
	if len(w.indent) < maxIndent {
		w.indent += strings.Repeat(" ", len(marker))
	}
}

// quote begins a quotation, which is another than one that has just ended.
func (w *writer) quote() {
	if w.unquoted {
		w.feed()
	}
	w.indent, w.lead, w.gap = "", "", false
	w.quotes = min(w.quotes+1, maxQuotes)
}

// endPre writes a preformatted block.
func (w *writer) endPre() {
	text, info := w.pre.String(), w.pre.info
	if !w.pre.code {
		text = strings.TrimPrefix(text, "\n") // it only ends the line of the tag
	}
	w.pre, w.gap = nil, false
	w.raw(fence + info)
	for text != "" {
		var s string
		s, text, _ = strings.Cut(text, "\n")
		if trimmed(s, w.quotes) == fence {
			s = joiner + s // it would end the block
		}
		w.raw(s)
	}
	w.raw(fence)
}

func (w *writer) raw(s string) { w.put(line{raw: true, runs: []run{{text: s}}}) }
