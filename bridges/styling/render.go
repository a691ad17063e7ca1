package styling

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// render writes lines as a text, and tells whether anything in it is styled.
func render(lines []line) (text string, styled bool) {
	for len(lines) > 0 && lines[len(lines)-1].quotes == 0 && blank(lines[len(lines)-1].runs) {
		lines = lines[:len(lines)-1]
	}
	all := make([]marked, len(lines))
	for i, l := range lines {
		if !l.raw {
			l.runs = trimEnd(l.runs)
			all[i].write(l.runs, 0)
		}
		styled = styled || l.raw || l.quotes > 0 || len(all[i].opens) > 0
	}
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		var s string
		switch {
		case l.raw:
			s = l.runs[0].text
		case styled:
			s = all[i].guarded(l.quotes)
		default:
			s = string(all[i].out)
		}
		if l.quotes > 0 {
			prefix := strings.Repeat("> ", l.quotes)
			if s == "" {
				prefix = prefix[:len(prefix)-1]
			}
			s = prefix + s
		}
		b.WriteString(s)
	}
	return b.String(), styled
}

func blank(runs []run) bool {
	return !slices.ContainsFunc(runs, func(r run) bool { return strings.TrimSpace(r.text) != "" })
}

// marked is a line with the directives of its spans, and where those are that open
// one.
type marked struct {
	out   []byte
	opens []int
}

// write writes runs that are all in as many spans as depth says, which are open.
func (m *marked) write(runs []run, depth int) {
	for len(runs) > 0 {
		if len(runs[0].marks) <= depth {
			m.out = append(m.out, runs[0].text...)
			runs = runs[1:]
			continue
		}
		kind, n := runs[0].marks[depth], 1
		for n < len(runs) && len(runs[n].marks) > depth && runs[n].marks[depth] == kind {
			n++
		}
		m.span(runs[:n], depth, kind)
		runs = runs[n:]
	}
}

// span writes runs as a span, if there can be one (xeps.md 0393.2): white space at
// its edges is outside.
func (m *marked) span(runs []run, depth int, kind byte) {
	before, inside, behind := edges(runs)
	m.out = append(m.out, before...)
	at, opens := len(m.out), len(m.opens)
	if len(inside) > 0 && m.opensHere(kind) {
		m.out, m.opens = append(m.out, kind), append(m.opens, at)
		m.write(inside, depth+1)
		if m.whole(at) {
			m.out = append(append(m.out, kind), behind...)
			return
		}
		m.out, m.opens = m.out[:at], m.opens[:opens]
	}
	m.write(inside, depth+1)
	m.out = append(m.out, behind...)
}

// opensHere tells whether a directive can open a span behind what is written.
func (m *marked) opensHere(kind byte) bool {
	r, n := utf8.DecodeLastRune(m.out)
	at := len(m.out) - 1
	return n == 0 || unicode.IsSpace(r) || len(m.opens) > 0 && m.opens[len(m.opens)-1] == at && m.out[at] != kind
}

// whole tells whether the span that opens at a place would end where the text ends
// now, and not before; and begin no block.
func (m *marked) whole(at int) bool {
	s, kind := string(m.out[at:]), m.out[at]
	if strings.HasPrefix(s+string(kind), fence) && strings.TrimLeft(string(m.out[:at]), " ") == "" {
		return false
	}
	text := len(s) - len(strings.TrimLeft(s, s[:1]))
	for n := text + 1; n < len(s); n++ {
		if closes(s, n, kind) {
			return false
		}
	}
	return text < len(s)
}

// guarded returns the line with what is not meant as styling kept from being it. In
// a quotation the spaces before a line do not count.
func (m *marked) guarded(quotes int) string {
	s := scanner{line: string(m.out), meant: func(at int) bool {
		_, meant := slices.BinarySearch(m.opens, at)
		return meant
	}}
	s.spans(0, len(s.line), 0)
	var b strings.Builder
	from := 0
	for _, at := range s.others {
		b.WriteString(s.line[from:at] + joiner)
		from = at
	}
	b.WriteString(s.line[from:])
	text := b.String()
	start := trimmed(text, quotes)
	if quoted(start, quotes) || strings.HasPrefix(start, fence) {
		return text[:len(text)-len(start)] + joiner + start
	}
	return text
}

// edges cuts the white space off both ends of runs.
func edges(runs []run) (before string, inside []run, behind string) {
	inside = slices.Clone(runs)
	for len(inside) > 0 {
		text := strings.TrimLeftFunc(inside[0].text, unicode.IsSpace)
		before += inside[0].text[:len(inside[0].text)-len(text)]
		if text != "" {
			inside[0].text = text
			break
		}
		inside = inside[1:]
	}
	for len(inside) > 0 {
		last := &inside[len(inside)-1]
		text := strings.TrimRightFunc(last.text, unicode.IsSpace)
		behind = last.text[len(text):] + behind
		if text != "" {
			last.text = text
			break
		}
		inside = inside[:len(inside)-1]
	}
	return before, inside, behind
}

// trimEnd cuts spaces off the end of a line.
func trimEnd(runs []run) []run {
	runs = slices.Clone(runs)
	for len(runs) > 0 {
		last := &runs[len(runs)-1]
		if last.text = strings.TrimRight(last.text, htmlSpaces); last.text != "" {
			break
		}
		runs = runs[:len(runs)-1]
	}
	return runs
}
