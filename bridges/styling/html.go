package styling

import (
	"strings"
)

// HTML returns a text as HTML, in which line breaks and all its spaces are seen.
// styled tells whether there is any styling; without it the text says all.
func HTML(text string) (source string, styled bool) {
	var w htmlWriter
	end := len(strings.TrimRight(text, htmlSpaces))
	if n := strings.IndexAny(text[end:], "\r\n"); n >= 0 {
		text = text[:end+n] // without empty lines
	}
	w.blocks(parse(text))
	return w.b.String(), w.styled
}

type htmlWriter struct {
	b      strings.Builder
	styled bool
}

func (w *htmlWriter) blocks(all []block) {
	for _, b := range all {
		w.styled = w.styled || b.form != plain
		switch b.form {
		case pre:
			w.pre(b)
		case quote:
			w.b.WriteString("<blockquote>")
			w.blocks(b.inner)
			w.b.WriteString("</blockquote>")
		default:
			w.lines(b.lines)
		}
	}
}

// lines writes lines with spans. An empty one at the end is seen only when it is
// ended, too.
func (w *htmlWriter) lines(all []string) {
	for i, line := range all {
		line = shownSpaces(line)
		w.spans(line, 0, len(line), spansOf(line))
		if i < len(all)-1 || line == "" {
			w.b.WriteString("<br>")
		}
	}
}

// spans writes what is between two places of a line.
func (w *htmlWriter) spans(line string, from, to int, all []span) {
	for _, x := range all {
		w.styled = true
		w.text(line[from:x.open])
		name := tagNames[x.kind]
		w.b.WriteString("<" + name + ">")
		w.spans(line, x.open+1, x.end, x.inner)
		w.b.WriteString("</" + name + ">")
		from = x.end + 1
	}
	w.text(line[from:to])
}

// tagNames are the elements for the kinds of spans.
var tagNames = map[byte]string{'*': "strong", '_': "em", '~': "del", '`': "code"}

func (w *htmlWriter) pre(b block) {
	w.b.WriteString("<pre><code")
	if info := strings.Fields(b.info); len(info) > 0 {
		w.b.WriteString(` class="language-`)
		w.text(info[0])
		w.b.WriteString(`"`)
	}
	w.b.WriteString(">")
	for _, line := range b.lines {
		w.text(line)
		w.b.WriteString("\n")
	}
	w.b.WriteString("</code></pre>")
}

var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func (w *htmlWriter) text(s string) { _, _ = escaped.WriteString(&w.b, s) }

// nbsp is a space that HTML does not drop.
const nbsp = '\u00A0'

// shownSpaces has every space of a line be seen, but those at its end.
func shownSpaces(line string) string {
	line = strings.TrimRight(line, htmlSpaces)
	before := ' '
	return strings.Map(func(r rune) rune {
		if isHTMLSpace(r) {
			r = ' '
			if before == ' ' {
				return nbsp
			}
		}
		before = r
		return r
	}, line)
}

// htmlSpaces are what HTML shows as one space, however many there are.
const htmlSpaces = " \t\n\r\f"

func isHTMLSpace(r rune) bool { return strings.ContainsRune(htmlSpaces, r) }
