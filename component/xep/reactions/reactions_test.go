package reactions

import (
	"reflect"
	"strings"
	"testing"

	"causeway/component/stanza"
	"causeway/component/stanza/stanzatest"
)

func TestFind(t *testing.T) {
	many := strings.Repeat("<reaction>x</reaction>", 3)
	for name, c := range map[string]struct {
		inside string
		want   Reactions
		ok     bool
	}{
		"0444.1 all that there are": {`<reactions xmlns='urn:xmpp:reactions:0' id='a&amp;b'><reaction>👍</reaction><reaction>❤️</reaction></reactions>`, Reactions{"a&b", []string{"👍", "❤️"}}, true},
		"0444.1 none left":          {`<reactions xmlns='urn:xmpp:reactions:0' id='a'/>`, Reactions{ID: "a"}, true},
		"no id":                     {`<reactions xmlns='urn:xmpp:reactions:0'><reaction>x</reaction></reactions>`, Reactions{All: []string{"x"}}, true},
		"one several times":         {`<reactions xmlns='urn:xmpp:reactions:0' id='a'>` + many + `</reactions>`, Reactions{"a", []string{"x"}}, true},
		"what is none":              {`<reactions xmlns='urn:xmpp:reactions:0' id='a'><reaction/><reaction xmlns='urn:x'>x</reaction><y>z</y></reactions>`, Reactions{ID: "a"}, true},
		"nothing":                   {`<body>x</body>`, Reactions{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if r, ok := Find(stanzatest.Message(t, c.inside)); !reflect.DeepEqual(r, c.want) || ok != c.ok {
				t.Errorf("%+v, %t", r, ok)
			}
		})
	}
}

// FuzzFind: what is found is what is written again.
func FuzzFind(f *testing.F) {
	stanzatest.Fuzz(f, func(t *testing.T, s *stanza.Stanza) {
		r, ok := Find(s)
		if !ok {
			return
		}
		var w stanza.Writer
		r.Append(&w)
		if got, _ := Find(stanzatest.Message(t, string(w.Bytes()))); !reflect.DeepEqual(got, r) {
			t.Errorf("%+v came back as %+v", r, got)
		}
	},
		"<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>❤️</reaction><reaction>❤</reaction></reactions>",
		"<r:reactions xmlns:r='urn:xmpp:reactions:0' id='&lt;'><r:reaction> &#x1F600;<b/></r:reaction></r:reactions>",
	)
}
