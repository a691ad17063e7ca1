package correct

import (
	"testing"

	"causeway/component/stanza"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ inside, want string }{
		"0308.2 correction": {`<body>x</body><replace xmlns='urn:xmpp:message-correct:0' id='a&amp;b'/>`, "a&b"},
		"no id":             {`<replace xmlns='urn:xmpp:message-correct:0'/>`, ""},
		"another's element": {`<replace xmlns='urn:x' id='a'/>`, ""},
		"none":              {`<body>x</body>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if id, ok := Find(message(t, c.inside)); id != c.want || ok != (c.want != "") {
				t.Errorf("%q, %t", id, ok)
			}
		})
	}
}

func message(t testing.TB, inside string) *stanza.Stanza {
	t.Helper()
	s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzFind: what is found is what is written again.
func FuzzFind(f *testing.F) {
	f.Add("<replace xmlns='urn:xmpp:message-correct:0' id='1'/>")
	f.Add("<r:replace xmlns:r='urn:xmpp:message-correct:0' id='&lt;&#x1F600;'/>")
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil {
			return
		}
		id, ok := Find(s)
		if !ok {
			return
		}
		var w stanza.Writer
		Append(&w, id)
		if got, _ := Find(message(t, string(w.Bytes()))); got != id {
			t.Errorf("%q came back as %q", id, got)
		}
	})
}
