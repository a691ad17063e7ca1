package search

import (
	"strings"
	"testing"

	"causeway/component/stanza"
	"causeway/component/xep/form"
)

func TestAppend(t *testing.T) {
	for name, c := range map[string]struct {
		write func(*stanza.Writer)
		want  string
	}{
		"0055.1 offer": {
			func(w *stanza.Writer) {
				AppendOffer(w, &form.Form{Type: "form", FormType: NS, Instructions: "I", Fields: []form.Field{{Var: "a", Type: "text-single", Label: "A"}}})
			},
			`<query xmlns='jabber:iq:search'><instructions>I</instructions><x xmlns='jabber:x:data' type='form'><instructions>I</instructions>` +
				`<field var='FORM_TYPE' type='hidden'><value>jabber:iq:search</value></field><field var='a' type='text-single' label='A'/></x></query>`,
		},
		"0055.2 nobody": {func(w *stanza.Writer) { AppendFound(w, nil) }, `<query xmlns='jabber:iq:search'/>`},
		"0055.2 somebody": {
			func(w *stanza.Writer) { AppendFound(w, []Found{{"a@x", "A & B"}, {JID: "b@x"}}) },
			`<query xmlns='jabber:iq:search'><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>jabber:iq:search</value></field>` +
				`<reported><field var='jid' type='jid-single' label='Address'/><field var='name' type='text-single' label='Name'/></reported>` +
				`<item><field var='jid'><value>a@x</value></field><field var='name'><value>A &amp; B</value></field></item>` +
				`<item><field var='jid'><value>b@x</value></field><field var='name'/></item></x></query>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var w stanza.Writer
			c.write(&w)
			if got := strings.ReplaceAll(string(w.Bytes()), `"`, "'"); got != c.want {
				t.Errorf("%s\nnot %s", got, c.want)
			}
		})
	}
}
