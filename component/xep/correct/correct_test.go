package correct

import (
	"testing"

	"causeway/component/stanza/stanzatest"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ inside, want string }{
		"0308.2 correction": {`<body>x</body><replace xmlns='urn:xmpp:message-correct:0' id='a&amp;b'/>`, "a&b"},
		"no id":             {`<replace xmlns='urn:xmpp:message-correct:0'/>`, ""},
		"another's element": {`<replace xmlns='urn:x' id='a'/>`, ""},
		"none":              {`<body>x</body>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if id, ok := Find(stanzatest.Message(t, c.inside)); id != c.want || ok != (c.want != "") {
				t.Errorf("%q, %t", id, ok)
			}
		})
	}
}

// FuzzFind: what is found is what is written again.
func FuzzFind(f *testing.F) {
	stanzatest.FuzzID(f, Find, Append,
		"<replace xmlns='urn:xmpp:message-correct:0' id='1'/>",
		"<r:replace xmlns:r='urn:xmpp:message-correct:0' id='&lt;&#x1F600;'/>",
	)
}
