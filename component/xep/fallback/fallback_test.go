package fallback

import (
	"strings"
	"testing"
	"unicode/utf8"

	"causeway/component/stanza"
	"causeway/component/stanza/stanzatest"
)

const reply = "urn:xmpp:reply:0"

func TestCut(t *testing.T) {
	one := func(inside string) string {
		return `<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>` + inside + `</fallback>`
	}
	for _, c := range []struct{ name, inside, text, want string }{
		{"0428.1 a part of the body", one(`<body start='0' end='4'/>`), "> a\nyes", "yes"},
		{"0428.1 no child: all of it", one(``), "all", ""},
		{"0428.1 a body without a range: all of it", one(`<body/>`), "all", ""},
		{"0428.1 a subject only", one(`<subject start='0' end='2'/>`), "yes", "yes"},
		{"0428.2 another extension stays", strings.Replace(one(`<body start='0' end='4'/>`), "reply", "odd", 1), "> a\nyes", "> a\nyes"},
		{"0428.3 several at once", one(`<body start='0' end='2'/><body start='4' end='6'/>`) + one(`<body start='3' end='4'/>`), "aabccd", "b"},
		{"0428.3 one over another", one(`<body start='0' end='3'/><body start='1' end='2'/>`), "abcd", "d"},
		{"0428.4 code points", one(`<body start='0' end='4'/>`), "😀 😀\nyes😀", "yes😀"},
		{"0461.4 beyond the end", one(`<body start='0' end='99'/>`), "yes", "yes"},
		{"0461.4 start behind the end", one(`<body start='3' end='1'/>`), "yes", "yes"},
		{"0461.4 no number", one(`<body start='a' end='1'/>`), "yes", "yes"},
		{"0461.4 below zero", one(`<body start='-1' end='1'/>`), "yes", "yes"},
		{"0461.4 too large a number", one(`<body start='0' end='99999999999999999999'/>`), "yes", "yes"},
		{"0461.4 one wrong and one right", one(`<body start='9' end='10'/><body start='0' end='1'/>`), "yes", "es"},
		{"another's element", `<fallback xmlns='urn:x' for='urn:xmpp:reply:0'/>`, "yes", "yes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Cut(stanzatest.Message(t, c.inside), c.text, reply); got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}

// FuzzCut: what is left is of the text, in its order, and it is a text.
func FuzzCut(f *testing.F) {
	for _, inside := range []string{
		`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='2'/></fallback>`,
		`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='2' end='1'/><body start='1' end='1000'/></fallback>`,
		`<f:fallback xmlns:f='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><f:body start='1' end='3'/><f:body start='0' end='1'/></f:fallback>`,
		`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'/>`,
	} {
		f.Add(inside, "😀é\r\nabc")
	}
	f.Fuzz(func(t *testing.T, inside, text string) {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil || !utf8.ValidString(text) {
			return
		}
		rest := Cut(s, text, reply)
		if !utf8.ValidString(rest) {
			t.Errorf("%q is no text", rest)
		}
		for _, r := range rest {
			_, after, found := strings.Cut(text, string(r))
			if !found {
				t.Fatalf("%q is not in order in the text", rest)
			}
			text = after
		}
	})
}
