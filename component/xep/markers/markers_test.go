package markers

import (
	"testing"

	"causeway/component/stanza"
)

func TestDisplayed(t *testing.T) {
	for name, c := range map[string]struct{ inside, want string }{
		"0333.2 marker":         {`<displayed xmlns='urn:xmpp:chat-markers:0' id='a&amp;b'/>`, "a&b"},
		"no id":                 {`<displayed xmlns='urn:xmpp:chat-markers:0'/>`, ""},
		"0333.4 an old one":     {`<received xmlns='urn:xmpp:chat-markers:0' id='a'/>`, ""},
		"0490 is another thing": {`<displayed xmlns='urn:xmpp:mds:displayed:0' id='a'/>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if id, ok := Displayed(message(t, c.inside)); id != c.want || ok != (c.want != "") {
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

// FuzzDisplayed: what is found is what is written again.
func FuzzDisplayed(f *testing.F) {
	f.Add("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>")
	f.Add("<m:displayed xmlns:m='urn:xmpp:chat-markers:0' id='&lt;&#x1F600;'/>")
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil {
			return
		}
		id, ok := Displayed(s)
		if !ok {
			return
		}
		var w stanza.Writer
		AppendDisplayed(&w, id)
		if got, _ := Displayed(message(t, string(w.Bytes()))); got != id {
			t.Errorf("%q came back as %q", id, got)
		}
	})
}
