package retract

import (
	"testing"

	"causeway/component/stanza"
	"causeway/component/stanza/stanzatest"
	"causeway/component/xep/fallback"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		inside, id string
		ok         bool
	}{
		"0424.2 retraction": {`<retract xmlns='urn:xmpp:message-retract:1' id='a&amp;b'/>`, "a&b", true},
		"0424.7 the older":  {`<apply-to xmlns='urn:xmpp:fasten:0' id='a'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to>`, "a", true},
		"no id":             {`<retract xmlns='urn:xmpp:message-retract:1'/>`, "", true},
		"another fastening": {`<apply-to xmlns='urn:xmpp:fasten:0' id='a'><x xmlns='urn:x'/></apply-to>`, "", false},
		"what was":          {`<retracted xmlns='urn:xmpp:message-retract:1' id='a'/>`, "", false},
		"none":              {`<body>x</body>`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if id, ok := Find(stanzatest.Message(t, c.inside)); id != c.id || ok != c.ok {
				t.Errorf("%q, %t", id, ok)
			}
		})
	}
}

// FuzzFind: what is found is what is written again, with words that are nothing but
// a fallback (xeps.md 0424.1).
func FuzzFind(f *testing.F) {
	stanzatest.Fuzz(f, func(t *testing.T, s *stanza.Stanza) {
		id, ok := Find(s)
		if !ok {
			return
		}
		var w stanza.Writer
		Append(&w, id, "words")
		s = stanzatest.Message(t, string(w.Bytes()))
		body, _ := s.Body()
		if got, _ := Find(s); got != id || fallback.Cut(s, body, NS) != "" {
			t.Errorf("%q came back as %q", id, got)
		}
	},
		"<retract xmlns='urn:xmpp:message-retract:1' id='1'/>",
		"<f:apply-to xmlns:f='urn:xmpp:fasten:0' id='&lt;&#x1F600;'><retract xmlns='urn:xmpp:message-retract:0'/></f:apply-to>",
	)
}
