package vcard

import (
	"strings"
	"testing"

	"causeway/component/picture"
	"causeway/component/stanza"
)

func TestCard(t *testing.T) {
	full := Card{Name: "A <B>", Nick: "B", Tel: "+1 202", URI: "x:y", Country: "Chile", Note: "N", Photo: &picture.Picture{Data: []byte("png"), Info: picture.Info{ID: "1"}}}
	for name, c := range map[string]struct {
		card      Card
		temp, new string
	}{
		"nothing": {Card{}, `<vCard xmlns='vcard-temp'/>`, `<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>`},
		"0084.6 0084.11 everything": {
			full,
			`<vCard xmlns='vcard-temp'><FN>A &lt;B&gt;</FN><NICKNAME>B</NICKNAME><TEL><NUMBER>+1 202</NUMBER></TEL><ADR><CTRY>Chile</CTRY></ADR>` +
				`<URL>x:y</URL><DESC>N</DESC><PHOTO><TYPE>image/png</TYPE><BINVAL>cG5n</BINVAL></PHOTO></vCard>`,
			`<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>A &lt;B&gt;</text></fn><nickname><text>B</text></nickname><tel><text>+1 202</text></tel>` +
				`<impp><uri>x:y</uri></impp><adr><pobox/><ext/><street/><locality/><region/><code/><country>Chile</country></adr><note><text>N</text></note></vcard>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var temp, four stanza.Writer
			c.card.Append(&temp)
			c.card.Append4(&four)
			for got, want := range map[string]string{string(temp.Bytes()): c.temp, string(four.Bytes()): c.new} {
				if strings.ReplaceAll(got, `"`, "'") != want {
					t.Errorf("%s\nnot %s", got, want)
				}
			}
		})
	}
}
