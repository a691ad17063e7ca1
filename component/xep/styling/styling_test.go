package styling

import (
	"strings"
	"testing"
	"unicode"

	"causeway/component/stanza"
)

func TestStyled(t *testing.T) {
	for text, want := range map[string]bool{
		// The examples of XEP-0393, 6.2.
		"*strong*": true, "plain *strong* plain": true, "*strong* plain *strong*": true,
		"*strong*plain*": true, "* plain *strong*": true, "*not strong": false, "not strong*": false,
		"*not \n strong": false, "*not *strong": false, "**": false, "****": false,
		"_emphasis_": true, "~strike~": true, "`code`": true, "*_both_*": true,
		// xeps.md 0393.3.
		"*note": false, "snake_case": false, "> _ <": true, "*note*": true, "_snake_case_": true, "2*3*4": false,
		"a > b": false, ">.<": true, "line\n> quote": true, "line\r>quote": true, "line\r\n>quote": true, " > a": false,
		"```": true, "```\ncode": true, "a ```": false, "\n``` x": true,
		"5 * 3 * 2": false, "a * b*": false, "*a *": false, "*a\u00a0*": false, "\u00a0*a*": true, "(*a*)": false,
		"**bold**": true, "***": false, "_*a_": true, "*_a_": true, "~~a~~": true, "`` ` ``": true, "``a`": true,
		"*é*": true, "*😀*": true, "😀*a*": false, "*a*b": true, "": false, "plain": false, "_": false, "\n*": false,
		"¯\\_(ツ)_/¯": false, "^_^": false, "-_-": false, "*_*": true, ":*": false, "@everyone": false,
	} {
		if got := Styled(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func TestUnstyled(t *testing.T) {
	var w stanza.Writer
	AppendUnstyled(&w)
	if got, want := string(w.Bytes()), `<unstyled xmlns='urn:xmpp:styling:0'/>`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	for inside, want := range map[string]bool{string(w.Bytes()): true, `<body>x</body>`: false, `<unstyled xmlns='urn:x'/>`: false} {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil || Unstyled(s) != want {
			t.Errorf("%s: %t, %v", inside, !want, err)
		}
	}
}

// naive finds a span as XEP-0393 defines it, in quadratic time.
func naive(line []rune) bool {
	opened := false
	for i, r := range line {
		starts := strings.ContainsRune(directives, r) && (i == 0 || unicode.IsSpace(line[i-1]) || opened && line[i-1] != r)
		opened = starts && i+1 < len(line) && !unicode.IsSpace(line[i+1])
		if !opened {
			continue
		}
		other := false
		for j := i + 1; j < len(line); j++ {
			if line[j] == r && other && !unicode.IsSpace(line[j-1]) {
				return true
			}
			other = other || line[j] != r
		}
	}
	return false
}

// FuzzStyled compares what is found with the definition.
func FuzzStyled(f *testing.F) {
	for _, s := range []string{"*a*", "> a", "```\nx", "_*~`a`~*_", " *a *b* ", "****a", "*\u2003a*", "a\r*b*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?")
		want := false
		for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
			want = want || line[0] == '>' || strings.HasPrefix(line, "```") || naive([]rune(line))
		}
		if got := Styled(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	})
}
