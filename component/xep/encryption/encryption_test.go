package encryption

import (
	"testing"

	"causeway/component/stanza"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		inside        string
		used, content bool
	}{
		"plain":                 {"<body>x</body>", false, false},
		"0384.3 OMEMO":          {"<encrypted xmlns='eu.siacs.conversations.axolotl'><payload/></encrypted><body>x</body>", true, true},
		"0384.3 OMEMO 2":        {"<encrypted xmlns='urn:xmpp:omemo:2'><header/><payload/></encrypted>", true, true},
		"0384.4 no payload":     {"<encrypted xmlns='urn:xmpp:omemo:2'><header/></encrypted>", true, false},
		"0384.4 named, too":     {"<encryption xmlns='urn:xmpp:eme:0'/><encrypted xmlns='urn:xmpp:omemo:2'/>", true, false},
		"0384.3 OpenPGP":        {"<openpgp xmlns='urn:xmpp:openpgp:0'/>", true, true},
		"0384.3 legacy OpenPGP": {"<x xmlns='jabber:x:encrypted'>x</x>", true, true},
		"0384.3 named only":     {"<encryption xmlns='urn:xmpp:eme:0' namespace='urn:x'/>", true, true},
		"another's element":     {"<encrypted xmlns='urn:o'/><x xmlns='jabber:x:oob'/>", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stanza.Parse([]byte("<message>" + c.inside + "</message>"))
			if err != nil {
				t.Fatal(err)
			}
			if e := Find(s); e.Used != c.used || e.Content != c.content {
				t.Errorf("%+v", e)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add("<encrypted xmlns='urn:xmpp:omemo:2'><payload/></encrypted>")
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil {
			return
		}
		if e := Find(s); e.Content && !e.Used {
			t.Errorf("%+v", e)
		}
	})
}
