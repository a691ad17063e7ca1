package styling

import (
	"strings"
	"testing"
)

// TestSplit: what a cut goes through ends before it and begins again behind it.
func TestSplit(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("word ", 300))
	lines := strings.TrimSpace(strings.Repeat("a line\n", 200))
	for _, c := range []struct {
		name, text   string
		styled       bool
		begins, ends string // of each piece
	}{
		{"words", words, true, "word", "word"},
		{"lines", lines, true, "a line", "a line"},
		{"paragraphs", lines + "\n\n" + words, true, "", ""},
		{"a span", "*" + words + "*", true, "*word", "word*"},
		{"spans in each other", "*_" + words + "_*", true, "*_word", "word_*"},
		{"a block", "```go\n" + lines + "\n```", true, "```go\n", "\n```"},
		{"a block not meant so", "```go\n" + lines + "\n```", false, "", ""},
		{"a quotation", "> " + strings.ReplaceAll(lines, "\n", "\n> "), true, "> a line", "a line"},
		{"a long line of a quotation", "> > *" + words + "*", true, "> > *word", "word*"},
		{"a block in a quotation", "> ```\n> " + strings.ReplaceAll(lines, "\n", "\n> "), true, "> ```\n> a", ""},
		{"a line of a block", "> ```\n> " + words + "\n> ```", true, "> ```\n> word", "\n> ```"},
		{"behind a block", "```\n" + lines[:100] + "\n```\n" + words, true, "", "word"},
		{"no words", strings.Repeat("é", 1000), true, "é", "é"},
		{"a long word behind a fence", "```" + words, true, "", ""},
		{"nothing to be seen", strings.Repeat(" ", 3000), true, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fits := func(s string) bool { return len(s) < 700 }
			pieces := Split(c.text, c.styled, fits)
			for i, p := range pieces {
				if !strings.HasPrefix(p, c.begins) || i < len(pieces)-1 && !strings.HasSuffix(p, c.ends) {
					t.Errorf("piece %d: %.30q…%q", i, p, p[max(0, len(p)-30):])
				}
			}
			if len(pieces) < 2 && strings.TrimSpace(c.text) != "" {
				t.Errorf("%d pieces", len(pieces))
			}
		})
	}
	if got := Split("x", true, func(string) bool { return false }); len(got) != 1 || got[0] != "x" {
		t.Errorf("%q", got)
	}
}

// FuzzSplit: nothing is lost or doubled, and the pieces fit.
func FuzzSplit(f *testing.F) {
	f.Add("> *a _b* c_\n\n", true)
	f.Add("*_~`a b", true)
	f.Add(">> x. ~y\n z", true)
	f.Add("é😀", false)
	f.Add("* a *", true)
	f.Fuzz(func(t *testing.T, text string, styled bool) {
		if len(text) == 0 || len(text) > 1000 || !isText(text) || strings.Contains(text, fence) {
			return
		}
		text = strings.Repeat(text, 8<<10/len(text))
		pieces := Split(text, styled, func(s string) bool { return len(s) < 2000 })
		words := strings.NewReplacer("*", "", "_", "", "~", "", "`", "", ">", "", " ", "", "\n", "").Replace
		if got, want := words(strings.Join(pieces, "")), words(text); got != want {
			t.Errorf("%q became %q", want, got)
		}
		for _, p := range pieces {
			if len(p) >= 2000 && strings.TrimSpace(text) != "" && words(text) != "" {
				t.Errorf("a piece has %d bytes", len(p))
			}
		}
	})
}
