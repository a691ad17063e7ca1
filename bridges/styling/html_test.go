package styling

import (
	"strings"
	"testing"
)

// TestHTML: the text as XEP-0393 reads it, with what means something to HTML escaped
// (xeps.md 0393.4, 0393.5). An empty want: nothing is styled.
func TestHTML(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"0393.4 strong", "*strong*", "<strong>strong</strong>"},
		{"0393.4 emphasis", "an _emphasis_!", "an <em>emphasis</em>!"},
		{"0393.4 strike", "~no~", "<del>no</del>"},
		{"0393.4 code", "say `<b>`", "say <code>&lt;b&gt;</code>"},
		{"0393.5 nothing in code", "`*a* _b_`", "<code>*a* _b_</code>"},
		{"a span in another", "*_both_*", "<strong><em>both</em></strong>"},
		{"a span behind a word in another", "*a _b_*", "<strong>a <em>b</em></strong>"},
		{"the first that can end it", "*strong*plain*", "<strong>strong</strong>plain*"},
		{"a space behind the directive", "* plain *strong*", "* plain <strong>strong</strong>"},
		{"the end of the outer one", "*a _b* c_", "<strong>a _b</strong> c_"},
		{"two of them", "**a**", "<strong>*a</strong>*"},
		{"over two lines", "*a\nb*", ""},
		{"within a word", "snake_case_name 2*3*4", ""},
		{"nothing between", "**\n____\n***\n~~\n``", ""},
		{"0393.4 mentions and links", "@everyone @room <@123> ||x|| [x](javascript:x) http://a/*b*", ""},
		{"0393.4 HTML beside a span", `*a* <img src=x onerror="x"> &amp;`, "<strong>a</strong> &lt;img src=x onerror=&quot;x&quot;&gt; &amp;amp;"},
		{"lines", "*a*\nb\n\n c  d ", "<strong>a</strong><br>b<br><br>\u00a0c \u00a0d"},
		{"0393.4 a quotation", "> a\n>b\nc", "<blockquote>a<br>b</blockquote>c"},
		{"a quotation in another", "> a\n>> *b*\n> >c", "<blockquote>a<blockquote><strong>b</strong><br>c</blockquote></blockquote>"},
		{"an empty line behind it", "> a\n\nb", "<blockquote>a</blockquote><br>b"},
		{"an empty line before it", "a\n\n> b", "a<br><br><blockquote>b</blockquote>"},
		{"a space before it", " > a", ""},
		{"0393.4 a block", "```\n*a*  <b>\n\n  c\n```\nd", "<pre><code>*a*  &lt;b&gt;\n\n  c\n</code></pre>d"},
		{"with a language", "```go run\nx\n```", `<pre><code class="language-go">x` + "\n</code></pre>"},
		{"with a bad language", "```\"><x>\nx", `<pre><code class="language-&quot;&gt;&lt;x&gt;">x` + "\n</code></pre>"},
		{"without an end", "```\n> x\n``` ", "<pre><code>&gt; x\n``` \n</code></pre>"},
		{"a block in a quotation", "> ```\n>   x\n> ```\n> y", "<blockquote><pre><code>  x\n</code></pre>y</blockquote>"},
		{"it ends with the quotation", "> ```\n> x\ny", "<blockquote><pre><code>x\n</code></pre></blockquote>y"},
		{"an end of lines at the end", "*a*\r\n\n", "<strong>a</strong>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, styled := HTML(c.text)
			if styled != (c.want != "") || styled && got != c.want {
				t.Errorf("%q is styled: %t", got, styled)
			}
		})
	}
}

// isText tells whether a text is one of XML.
func isText(s string) bool { return readable(s) == s }

// FuzzHTML: HTML that was made here comes back as the same, and text without marks is
// all that it says.
func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"*a* _b_ ~c~ `d`", "**a** *_b_* `_` *a _b* c_ _*a*", "> a\n>> b\n> c\n\n> d", "```go\n x\n```\n> ```\n> y", "*a*  b \n\n\n> ",
		"``` `a`", "> > ```\n>  > x", "`a*` *b* *c`*", "*a*\n", "*\u2060a*", "\t*a*\u2003b", ">>>>>>>>>>>>>>>>>>> x", "*_~`a`~_*",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isText(text) || strings.Contains(text, joiner) || strings.Contains(text, "\r") {
			return
		}
		source, styled := HTML(text)
		back, again := Text(source)
		if len(source) > maxSource || len(text) > maxText/4 {
			return
		}
		if same, _ := HTML(back); styled && same != source || styled != again {
			t.Errorf("%q became\n%q (%t), then\n%q (%t), then\n%q", text, source, styled, back, again, same)
		}
	})
}
