package styling

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestText: what Matrix programs write (xeps.md 0393.1, 0393.2, 0393.9, 0372.2).
func TestText(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"0393.1 spans", "<b>a</b> <strong>b</strong> <i>c</i> <em>d</em> <s>e</s> <del>f</del> <strike>g</strike> <code>h</code>", "*a* *b* _c_ _d_ ~e~ ~f~ ~g~ `h`"},
		{"0393.1 one in another", "<b>a <i>b</i></b>", "*a _b_*"},
		{"one in itself", "<b>a <strong>b</strong></b> c", "*a b* c"},
		{"0393.2 spaces at the edges", "a<b> b </b>c", "a *b* c"},
		{"0393.2 over two lines", "<b>a<br>b</b>", "*a*\n*b*"},
		{"nothing in code", "<code>a <b>b</b></code>", "`a b`"},
		{"0393.1 a block", "<p>a</p>\n<pre><code class=\"language-go\">if x &lt; 1 {\n\t*y*\n}\n</code></pre>\n<p>b</p>", "a\n```go\nif x < 1 {\n\t*y*\n}\n```\nb"},
		{"a block without code", "<pre>\n a\n</pre>", "```\n a\n```"},
		{"a fence in a block", "<pre><code>a\n```\n</code></pre>", "```\na\n" + joiner + "```\n```"},
		{"0393.1 a quotation", "<blockquote>\n<p>a</p>\n<p>b</p>\n</blockquote>\n<p>c</p>", "> a\n>\n> b\nc"},
		{"a quotation in another", "<blockquote>a<blockquote>b</blockquote>c</blockquote>d", "> a\n> > b\n> c\nd"},
		{"two quotations", "<blockquote>a</blockquote><blockquote>b</blockquote>", "> a\n\n> b"},
		{"paragraphs", "<p>a\nb</p><p><b>c</b></p>", "a b\n\n*c*"},
		{"ends left out", "<p>a<p><b>b</b><ul><li>c<li>d</ul>", "a\n\n*b*\n- c\n- d"},
		{"0393.9 lists", `<b>x</b><ul><li>a<ol start="9"><li>b</li><li>c<br>d</li></ol></li><li>e</li></ul>f`, "*x*\n- a\n  9. b\n  10. c\n      d\n- e\nf"},
		{"0393.9 a heading", "<h1>a</h1><p>b</p>", "*a*\n\nb"},
		{"0393.9 a table", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>", "*a* | *b*\n1 | 2"},
		{"a rule", "<b>a</b><hr>b", "*a*\n---\nb"},
		{"a link", `<a href="https://a.example/*x*">a</a> <b>b</b>`, "a (https://a.example/*x*) *b*"},
		{"a link that says itself", `<a href="https://a.example/">a.example</a> <b>b</b>`, "a.example *b*"},
		{"a link without words", `<a href="https://a.example"></a> <b>b</b>`, "https://a.example *b*"},
		{"0393.4 a link that does something", `<a href="javascript:x">a</a> <b>b</b>`, "a *b*"},
		{"0372.2 a person", `<a href="https://matrix.to/#/@bob:hs">Bob</a>, <a href="https://matrix.to/#/%40bob:hs">Bob</a>, <a href="matrix:u/bob:hs">Bob</a>: <b>b</b>`, "Bob, Bob, Bob: *b*"},
		{"a message", `<a href="https://matrix.to/#/!a:hs/$b">this</a> <b>b</b>`, "this (https://matrix.to/#/!a:hs/$b) *b*"},
		{"pictures", `<img data-mx-emoticon src="mxc://a/b" alt="cat"><img alt=":dog:" data-mx-emoticon><img title="c" src="x"><img><b> b</b>`, ":cat::dog:c *b*"},
		{"spoilers", `<span data-mx-spoiler="end">he <b>dies</b></span> <span data-mx-spoiler>x</span>`, "(spoiler: end) he *dies* (spoiler) x"},
		{"mathematics", `<span data-mx-maths="x^2"><b>x</b><sup>2</sup></span> y<div data-mx-maths="z">Z</div>a`, "`x^2` y\n`z`\na"},
		{"high and low", "<b>x</b><sup>2</sup> a<sub>1</sub>", "*x*^2 a_1"},
		{"details", "<details><summary>a</summary>b</details>", "*a*\nb"},
		{"colours and the unknown", `<font color="#f00"><b>a</b></font><span data-mx-color="#f00"> b</span><x-y> c</x-y><u> d</u>`, "*a* b c d"},
		{"what an answer quotes", "<mx-reply><blockquote>a</blockquote></mx-reply><b>b</b>", "*b*"},
		{"what is not shown", "<script>x</script><style>y</style><!-- z --><b>b</b>", "*b*"},
		{"0393.3 marks that are none", "<b>a</b> *b* > _c_<br>&gt; d<br>```", "*a* " + joiner + "*b* > " + joiner + "_c_\n" + joiner + "> d\n" + joiner + "```"},
		{"0393.3 a mark before a span", "*a <b>b</b>", joiner + "*a *b*"},
		{"an open element", "<b>a", "*a*"},
		{"ends of nothing", "</b></blockquote></li>a <b>b</b></b>", "a *b*"},
		{"crossed", "<b>a <i>b</b> c</i>", "*a _b_* c"},
		{"entities and control characters", "<b>&lt;a&gt;&nbsp;&#1;b\x00</b>", "*<a>\u00a0b*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, styled := Text(c.source)
			if got != c.want || !styled {
				t.Errorf("%q (%t), not %q", got, styled, c.want)
			}
		})
	}
}

// TestPlainText: where nothing is styled, or cannot be (xeps.md 0393.2), the text stays
// as it is (0393.3).
func TestPlainText(t *testing.T) {
	for source, want := range map[string]string{
		"*a* &gt; b":                         "*a* > b",
		"&gt; a<br>```":                      "> a\n```",
		"<p>_a_</p>":                         "_a_",
		"<ul><li>a</li></ul>":                "- a",
		"":                                   "",
		"<b></b><p> </p><br>":                "",
		"x<b>y</b>":                          "xy",
		strings.Repeat("x", maxSource+1):     "",
		strings.Repeat("x", maxText+1):       "",
		strings.Repeat("<blockquote>", 1000): "",
	} {
		if got, styled := Text(source); got != want || styled {
			t.Errorf("%.40q became %q (%t)", source, got, styled)
		}
	}
}

// TestBounds: hostile nesting costs neither much text nor an end.
func TestBounds(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("<blockquote>", 300) + "x" + strings.Repeat("<br>", 50_000),
		strings.Repeat("<ul><li>", 20_000) + "x", strings.Repeat("<b><i>", 40_000) + "x", strings.Repeat("*a ", 80_000) + "<b>x</b>",
		strings.Repeat("a<x>", 60_000), strings.Repeat("`*_~", 60_000) + "<b>x</b>", strings.Repeat("<a href='http://x'>", 10_000) + "x",
		strings.Repeat("<table><tr><td>", 15_000) + "x", strings.Repeat("</p>", 60_000) + "x", strings.Repeat("<p><b>x", 30_000),
	} {
		if text, _ := Text(s); len(text) > maxText {
			t.Errorf("%.20q: %d bytes", s, len(text))
		}
		if source, _ := HTML(s); len(source) > 20*len(s) {
			t.Errorf("%.20q: %d bytes of HTML", s, len(source))
		}
	}
}

// FuzzText: whatever it is, a text of XML comes out, which says the same once it is
// HTML again.
func FuzzText(f *testing.F) {
	for _, s := range []string{
		"<b>a</b><i>*b</i>", "<ul><li><b>a</b><ol><li>b</ul>", "<pre><code>x</pre>y<blockquote>z", "<b>``</b><code>`a</code>", "&gt;<b>a</b>",
		"<a href=x><b>x</a></b>", "<table><tr><td>a<td><i>b", "<p><b>_x <i>y</i></b>", "<blockquote><pre>```</pre></blockquote><blockquote>x",
		"<blockquote> &gt;x<br>&nbsp;<b>a</b>", "<code>`</code> <code>a`b</code>", "<sup><b>a</b></sup>", "<li><b>x</b>", "<b>*a</b>_<i>b</i>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		text, styled := Text(source)
		if !utf8.ValidString(text) || !isText(text) {
			t.Fatalf("%q became %q", source, text)
		}
		if !styled {
			return
		}
		again, _ := HTML(text)
		back, _ := Text(again)
		if want := squeezed(text); squeezed(back) != want {
			t.Errorf("%q became\n%q, then\n%q, then\n%q", source, text, again, back)
		}
	})
}

// squeezed is a text without differences that are not seen.
func squeezed(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\u00a0", " ", "> >", ">>").Replace(s))
}
