package vcard

import (
	"encoding/base64"
	"strings"
	"unicode"

	"causeway/component/stanza"
)

// Read reads the names in a <vCard/>, and the data of its photo, whatever that is;
// nil when there is none, or not in base64 (XEP-0054, XEP-0153 §4.1).
func Read(card stanza.Element) (c Card, photo []byte) {
	c.Name, c.Nick = word(card, "FN"), word(card, "NICKNAME")
	for p := range card.All(NS, "PHOTO") {
		data, err := base64.StdEncoding.DecodeString(packed(word(p, "BINVAL")))
		if err == nil && len(data) > 0 {
			return c, data
		}
	}
	return c, nil
}

func word(e stanza.Element, name string) string {
	x, _ := e.Child(NS, name)
	return x.Text()
}

// packed takes the blanks out of base64: many write it in lines.
func packed(s string) string {
	if strings.IndexFunc(s, unicode.IsSpace) < 0 {
		return s
	}
	return strings.Join(strings.Fields(s), "")
}
