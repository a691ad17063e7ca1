package styling

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

const (
	// maxSource and maxText bound HTML and the text that is made of it, in bytes.
	maxSource, maxText = 256 << 10, 128 << 10
	// maxOpen bounds the elements that are inside of each other: the tags of deeper
	// ones mean nothing.
	maxOpen = 100
)

// Text returns what people see of HTML as a text. styled tells whether some of it is
// meant as styling; if not, whatever looks like it is not meant so. What looks like
// it beside what is meant has an invisible U+2060 before it. Empty: there is nothing
// to see, or it is too much.
func Text(source string) (text string, styled bool) {
	if len(source) > maxSource {
		return "", false
	}
	r := reader{z: html.NewTokenizer(strings.NewReader(source))}
	for r.next() {
	}
	r.closeTo(0)
	r.w.block()
	if r.w.size > maxText {
		return "", false
	}
	if text, styled = render(r.w.lines); len(text) > maxText {
		return "", false
	}
	return text, styled
}

// reader turns the tags of HTML into lines. It reads tags as they come, and makes no
// tree of them: that takes time in proportion to the text.
type reader struct {
	z      *html.Tokenizer
	w      writer
	open   []element
	deep   int // elements that were too many
	hidden int // how many of the open elements are not shown
}

// element is one that is open.
type element struct {
	name  string
	tag   tag
	mark  byte            // what it adds to the text in it; 0: nothing
	shown bool            // it was not hidden when it began
	hides bool            // what is in it is not shown
	n     int             // of a list: the number of the next item; of a row: its cells
	end   func(r *reader) // nil: nothing more is to be done
}

// next reads a token; false: there is no more.
func (r *reader) next() bool {
	switch r.z.Next() {
	case html.ErrorToken:
		return false
	case html.TextToken:
		if r.hidden == 0 {
			r.w.text(string(r.z.Text()))
		}
	case html.StartTagToken, html.SelfClosingTagToken: // a slash means nothing in HTML
		t := r.z.Token()
		if x, known := tags[t.Data]; known {
			r.start(t, x)
		}
	case html.EndTagToken:
		name, _ := r.z.TagName()
		if x, known := tags[string(name)]; known && !x.void {
			r.finish(string(name))
		}
	}
	return r.w.size <= maxText
}

// start opens an element, or shows one that has nothing in it.
func (r *reader) start(t html.Token, x tag) {
	if x.void {
		if r.hidden == 0 {
			x.begin(r, &element{}, t)
		}
		return
	}
	r.closeBefore(x)
	if len(r.open) >= maxOpen {
		r.deep++
		return
	}
	e := element{name: t.Data, tag: x, shown: r.hidden == 0, hides: x.hidden}
	if e.shown {
		if x.block {
			r.w.block()
		}
		if x.apart {
			r.w.apart()
		}
		if x.begin != nil {
			x.begin(r, &e, t)
		}
		if x.mark != 0 && r.w.mark(x.mark) {
			e.mark = x.mark
		}
	}
	if e.hides {
		r.hidden++
	}
	r.open = append(r.open, e)
}

// closeBefore closes what an element cannot be in, as people leave end tags out.
func (r *reader) closeBefore(x tag) {
	if !x.block && x.closes == nil {
		return
	}
	for i := len(r.open) - 1; i >= 0; i-- {
		e := r.open[i]
		if e.name == "p" && x.closes == nil || slices.Contains(x.closes, e.name) {
			r.closeTo(i)
			return
		}
		if e.tag.scope || e.tag.block && x.closes == nil {
			return
		}
	}
}

// finish closes an element, and those in it that nobody has closed.
func (r *reader) finish(name string) {
	if r.deep > 0 {
		r.deep--
		return
	}
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].name == name {
			r.closeTo(i)
			return
		}
	}
}

func (r *reader) closeTo(n int) {
	for len(r.open) > n {
		e := r.open[len(r.open)-1]
		r.open = r.open[:len(r.open)-1]
		r.close(e)
	}
}

func (r *reader) close(e element) {
	if e.hides {
		r.hidden--
	}
	if !e.shown {
		return
	}
	if e.mark != 0 {
		r.w.unmark()
	}
	if e.tag.block {
		r.w.block()
	}
	if e.tag.apart {
		r.w.gap = true
	}
	if e.end != nil {
		e.end(r)
	}
}
