package styling

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// tag is what an element means for the text.
type tag struct {
	mark   byte     // the text in it has this directive
	block  bool     // it stands on lines of its own
	apart  bool     // and has an empty line between itself and others that have
	scope  bool     // end tags are not left out across it
	void   bool     // there is nothing in it, and no end tag
	hidden bool     // what is in it is not shown
	closes []string // what it cannot be in; nil: a paragraph, if it is a block
	begin  func(r *reader, e *element, t html.Token)
}

// tags are the elements that mean something: those that Matrix allows (Client-Server
// API v1.16, m.room.message msgtypes), and what others write for them. Of all others
// the text is shown.
var tags = allTags()

func allTags() map[string]tag {
	all := map[string]tag{
		"ul": {block: true, scope: true, begin: beginList}, "ol": {block: true, scope: true, begin: beginList},
		"li":         {block: true, closes: []string{"li"}, begin: beginItem},
		"blockquote": {block: true, scope: true, begin: beginQuote},
		"pre":        {block: true, scope: true, begin: beginPre},
		"code":       {mark: '`', begin: beginCode},
		"table":      {block: true, scope: true},
		"tr":         {block: true, closes: []string{"tr"}},
		"td":         {closes: []string{"td", "th"}, begin: beginCell},
		"th":         {closes: []string{"td", "th"}, begin: beginCell, mark: '*'},
		"dt":         {block: true, closes: []string{"dt", "dd"}, mark: '*'},
		"dd":         {block: true, closes: []string{"dt", "dd"}},
		"details":    {block: true, scope: true},
		"summary":    {block: true, mark: '*'},
		"p":          {block: true, apart: true},
		"div":        {block: true, begin: beginSpan},
		"span":       {begin: beginSpan},
		"a":          {begin: beginLink},
		"sup":        {begin: says("^")},
		"sub":        {begin: says("_")},
		"br":         {void: true, begin: func(r *reader, _ *element, _ html.Token) { r.w.feed() }},
		"hr":         {void: true, begin: showRule},
		"img":        {void: true, begin: showPicture},
	}
	for marked, names := range map[byte][]string{'*': {"b", "strong"}, '_': {"i", "em"}, '~': {"s", "strike", "del"}, '`': {"tt", "kbd", "samp"}} {
		for _, name := range names {
			all[name] = tag{mark: marked}
		}
	}
	for _, name := range []string{"h1", "h2", "h3", "h4", "h5", "h6"} {
		all[name] = tag{block: true, apart: true, mark: '*'}
	}
	for _, name := range []string{"caption", "dl", "section", "article", "header", "footer", "figure", "figcaption", "center"} {
		all[name] = tag{block: true}
	}
	for _, name := range []string{"mx-reply", "script", "style", "title", "template", "iframe", "svg"} {
		all[name] = tag{block: true, hidden: true}
	}
	return all
}

func attr(t html.Token, name string) (value string, ok bool) {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// says has an element begin with words.
func says(words string) func(*reader, *element, html.Token) {
	return func(r *reader, _ *element, _ html.Token) { r.w.text(words) }
}

// inner returns the innermost open element of some names; nil: there is none.
func (r *reader) inner(names ...string) *element {
	for i := len(r.open) - 1; i >= 0; i-- {
		for _, name := range names {
			if r.open[i].name == name {
				return &r.open[i]
			}
		}
	}
	return nil
}

func beginList(_ *reader, e *element, t html.Token) {
	start, _ := attr(t, "start")
	if n, err := strconv.Atoi(start); err == nil {
		e.n = n
	} else {
		e.n = 1
	}
}

func beginItem(r *reader, e *element, _ html.Token) {
	marker := "- "
	if l := r.inner("ul", "ol"); l != nil && l.name == "ol" {
		marker = strconv.Itoa(l.n) + ". "
		l.n++
	}
	indent := r.w.indent
	r.w.item(marker)
	e.end = func(r *reader) { r.w.lead, r.w.indent = "", indent }
}

func beginQuote(r *reader, e *element, _ html.Token) {
	indent, quotes := r.w.indent, r.w.quotes
	r.w.quote()
	e.end = func(r *reader) {
		r.w.indent, r.w.quotes, r.w.unquoted, r.w.gap = indent, quotes, true, false
	}
}

func beginPre(r *reader, e *element, _ html.Token) {
	if r.w.pre != nil {
		return
	}
	r.w.pre = new(preformatted)
	e.end = func(r *reader) { r.w.endPre() }
}

// beginCode notes which language is in a block.
func beginCode(r *reader, _ *element, t html.Token) {
	if r.w.pre == nil {
		return
	}
	r.w.pre.code = true
	class, _ := attr(t, "class")
	for _, c := range strings.Fields(class) {
		if language, ok := strings.CutPrefix(c, "language-"); ok {
			r.w.pre.info = readable(language)
		}
	}
}

func beginCell(r *reader, _ *element, _ html.Token) {
	row := r.inner("tr")
	if row == nil {
		return
	}
	if row.n++; row.n > 1 {
		r.w.text(" | ")
	}
}

// beginSpan shows what Matrix has for spoilers and for mathematics.
func beginSpan(r *reader, e *element, t html.Token) {
	if formula, ok := attr(t, "data-mx-maths"); ok {
		marked := r.w.mark('`')
		r.w.text(formula)
		if marked {
			r.w.unmark()
		}
		e.hides = true
	}
	if reason, ok := attr(t, "data-mx-spoiler"); ok {
		if reason != "" {
			reason = ": " + reason
		}
		r.w.text("(spoiler" + reason + ") ")
	}
}

func beginLink(r *reader, e *element, t html.Token) {
	href, _ := attr(t, "href")
	if r.w.label != nil {
		return
	}
	r.w.label = new(strings.Builder)
	e.end = func(r *reader) {
		label := strings.TrimSpace(r.w.label.String())
		r.w.label = nil
		switch target := linkTo(href); {
		case target == "", sameTarget(label, target):
		case label == "":
			r.w.text(target)
		default:
			r.w.text(" (" + target + ")")
		}
	}
}

// linkTo returns an address that is to be shown: none of a person, whose name says it,
// and none that does something.
func linkTo(href string) string {
	u, err := url.Parse(strings.TrimSpace(href))
	if err != nil {
		return ""
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "matrix.to" && strings.HasPrefix(u.Fragment, "/@") {
			return ""
		}
	case "matrix":
		if strings.HasPrefix(u.Opaque, "u/") {
			return ""
		}
	case "ftp", "mailto", "magnet", "xmpp", "geo", "tel":
	default:
		return ""
	}
	return strings.TrimSpace(href)
}

// sameTarget tells whether the words of a link say where it leads.
func sameTarget(label, target string) bool {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		target, label = strings.TrimPrefix(target, scheme), strings.TrimPrefix(label, scheme)
	}
	return strings.EqualFold(strings.TrimSuffix(label, "/"), strings.TrimSuffix(target, "/"))
}

func showRule(r *reader, _ *element, _ html.Token) {
	r.w.block()
	r.w.text("---")
	r.w.block()
}

// showPicture shows the words of a picture; a small one in the text has a name.
func showPicture(r *reader, _ *element, t html.Token) {
	words, _ := attr(t, "alt")
	if words == "" {
		words, _ = attr(t, "title")
	}
	if _, emoji := attr(t, "data-mx-emoticon"); emoji && words != "" {
		words = ":" + strings.Trim(words, ":") + ":"
	}
	r.w.text(words)
}
