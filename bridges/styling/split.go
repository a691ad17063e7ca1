package styling

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// minSplit is the length of a text, in bytes, below which it is never split.
const minSplit = 1 << 10

// Split cuts a text into pieces that fit: between paragraphs, else lines, sentences or
// words. Where it is styled, what a cut goes through ends before it and begins again
// behind it. The same text gives the same pieces; there is at least one. One of less
// than a KiB always fits.
func Split(text string, styled bool, fits func(piece string) bool) []string {
	if len(text) < minSplit || fits(text) {
		return []string{text}
	}
	at := cutting(text)
	head, tail := text[:at], text[at:]
	if styled {
		head, tail = mended(text, at)
	}
	head, tail = strings.TrimRight(head, "\n"), strings.TrimLeft(tail, "\n")
	if strings.TrimSpace(head) == "" || strings.TrimSpace(tail) == "" {
		return []string{text}
	}
	return append(Split(head, styled, fits), Split(tail, styled, fits)...)
}

// cutting returns where a text is best cut, not far from its middle.
func cutting(text string) int {
	from, to := len(text)/4, len(text)/4*3
	for _, end := range []string{"\n\n", "\n", ". ", " "} {
		if at := nearest(text[from:to], end); at >= 0 {
			return from + at + len(end)
		}
	}
	at := len(text) / 2
	for !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// nearest returns where something stands in a text that is nearest to its middle; -1:
// nowhere.
func nearest(text, what string) int {
	middle := len(text) / 2
	before, behind := strings.LastIndex(text[:middle], what), strings.Index(text[middle:], what)
	switch {
	case behind < 0, before >= 0 && middle-before < behind:
		return before
	}
	return middle + behind
}

// mended cuts a styled text at a place.
func mended(text string, at int) (head, tail string) {
	head, tail = text[:at], text[at:]
	line := strings.LastIndexByte(head, '\n') + 1
	w := where{}
	for l := range strings.SplitSeq(strings.TrimSuffix(head[:line], "\n"), "\n") {
		w.line(l)
	}
	prefix := ""
	if line < at { // within a line
		end := len(text)
		if n := strings.IndexByte(tail, '\n'); n >= 0 {
			end = at + n
		}
		content := w.line(text[line:end])
		prefix = strings.Repeat("> ", w.quotes)
		if !w.fenced {
			marks := marksAt(content, at-(end-len(content)))
			head, tail = strings.TrimRight(head, " ")+reversed(marks), prefix+marks+strings.TrimLeft(tail, " ")
			return head, tail
		}
	}
	if !w.fenced {
		return head, tail
	}
	fences := strings.Repeat("> ", w.quotes) + fence
	return strings.TrimRight(head, "\n") + "\n" + fences, fences + w.info + "\n" + prefix + tail
}

// where is how far a text is read, line by line.
type where struct {
	quotes int // how many the line was in
	fenced bool
	info   string
}

// maxInfo bounds what is repeated of the words behind a fence.
const maxInfo = 64

// line reads the next line, and returns what is in its quotations.
func (w *where) line(l string) string {
	deepest, quotes := maxQuotes, 0
	if w.fenced {
		deepest = w.quotes
	}
	rest := l
	for quotes < deepest && strings.HasPrefix(trimmed(rest, quotes), ">") {
		rest = strings.TrimPrefix(trimmed(rest, quotes)[1:], " ")
		quotes++
	}
	if w.fenced && quotes == w.quotes {
		w.fenced = trimmed(rest, quotes) != fence
		return rest
	}
	if w.fenced { // the quotation with the block has ended
		*w = where{}
		return w.line(l)
	}
	w.quotes = quotes
	if info, ok := strings.CutPrefix(trimmed(rest, quotes), fence); ok {
		if len(info) > maxInfo {
			info = ""
		}
		w.fenced, w.info = true, info
	}
	return rest
}

// marksAt returns the directives of the spans that a place in a line is in.
func marksAt(line string, at int) (marks string) {
	all := spansOf(line)
	for len(all) > 0 {
		i := slices.IndexFunc(all, func(x span) bool { return x.open < at && at <= x.end })
		if i < 0 {
			break
		}
		marks += string(rune(all[i].kind))
		all = all[i].inner
	}
	return marks
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
