package markers

import (
	"testing"

	"causeway/component/stanza/stanzatest"
)

func TestDisplayed(t *testing.T) {
	for name, c := range map[string]struct{ inside, want string }{
		"0333.2 marker":         {`<displayed xmlns='urn:xmpp:chat-markers:0' id='a&amp;b'/>`, "a&b"},
		"no id":                 {`<displayed xmlns='urn:xmpp:chat-markers:0'/>`, ""},
		"0333.4 an old one":     {`<received xmlns='urn:xmpp:chat-markers:0' id='a'/>`, ""},
		"0490 is another thing": {`<displayed xmlns='urn:xmpp:mds:displayed:0' id='a'/>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if id, ok := Displayed(stanzatest.Message(t, c.inside)); id != c.want || ok != (c.want != "") {
				t.Errorf("%q, %t", id, ok)
			}
		})
	}
}

// FuzzDisplayed: what is found is what is written again.
func FuzzDisplayed(f *testing.F) {
	stanzatest.FuzzID(f, Displayed, AppendDisplayed,
		"<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>",
		"<m:displayed xmlns:m='urn:xmpp:chat-markers:0' id='&lt;&#x1F600;'/>",
	)
}
