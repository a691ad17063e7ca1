package reply

import (
	"testing"
	"unicode/utf8"

	"causeway/component/stanza"
	"causeway/component/stanza/stanzatest"
	"causeway/component/xep/fallback"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ inside, want string }{
		"0461.1 reply":      {`<reply xmlns='urn:xmpp:reply:0' to='a@b' id='a&amp;b'/>`, "a&b"},
		"without an author": {`<reply xmlns='urn:xmpp:reply:0' id='a'/>`, "a"},
		"no id":             {`<reply xmlns='urn:xmpp:reply:0' to='a@b'/>`, ""},
		"none":              {`<body>x</body>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if id, ok := Find(stanzatest.Message(t, c.inside)); id != c.want || ok != (c.want != "") {
				t.Errorf("%q, %t", id, ok)
			}
		})
	}
}

// FuzzQuoted: who knows replies is left with the text, whatever is quoted (0461.3,
// 0428.4).
func FuzzQuoted(f *testing.F) {
	f.Add("when?", "at one", "1")
	f.Add("😀\n> é\n", "😀", "<")
	f.Add("", "> text", "x")
	f.Fuzz(func(t *testing.T, quote, text, id string) {
		if !utf8.ValidString(quote + text + id) {
			return
		}
		var w stanza.Writer
		Append(&w, id, "a@b")
		AppendQuoted(&w, quote)
		w.Leaf("body", "", Quoted(quote, text))
		s, err := stanza.Parse([]byte("<message>" + string(w.Bytes()) + "</message>"))
		if err != nil {
			return // it is no text of XML
		}
		body, _ := s.Body()
		got, _ := Find(s)
		if cut := fallback.Cut(s, body, NS); len(body) >= len(Quoted(quote, text)) && cut != text || len(got) >= len(id) && got != id {
			t.Errorf("%q, %q came back as %q, %q", text, id, cut, got)
		}
	})
}
