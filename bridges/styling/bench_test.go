package styling

import "testing"

// A message as people write them.
const (
	benchText = "*Hello* there, this is a text of some words, with `code` and a _few_ marks.\n> a quote\nand an answer"
	benchHTML = "<p><strong>Hello</strong> there, this is a text of some words, with <code>code</code> and a <em>few</em> marks.</p>\n<blockquote>\n<p>a quote</p>\n</blockquote>\n<p>and an answer</p>"
)

func BenchmarkHTML(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		HTML(benchText)
	}
}

func BenchmarkText(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Text(benchHTML)
	}
}
