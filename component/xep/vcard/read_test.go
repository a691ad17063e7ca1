package vcard

import (
	"bytes"
	"testing"

	"causeway/component/picture"
	"causeway/component/stanza"
)

// cardIn returns the card in a stanza.
func cardIn(t testing.TB, xml string) (stanza.Element, bool) {
	t.Helper()
	s, err := stanza.Parse([]byte("<iq>" + xml + "</iq>"))
	if err != nil {
		return stanza.Element{}, false
	}
	return s.Child(NS, "vCard")
}

func TestRead(t *testing.T) {
	const open = `<vCard xmlns='vcard-temp'>`
	for name, c := range map[string]struct {
		xml, full, nick string
		photo           []byte
	}{
		"nothing":         {open + `</vCard>`, "", "", nil},
		"names":           {open + `<FN>Ann &amp; B</FN><NICKNAME>Ann</NICKNAME></vCard>`, "Ann & B", "Ann", nil},
		"a photo":         {open + `<PHOTO><TYPE>image/png</TYPE><BINVAL>cG5n</BINVAL></PHOTO></vCard>`, "", "", []byte("png")},
		"in lines":        {open + "<PHOTO><BINVAL>\n  cG\n  5n\n</BINVAL></PHOTO></vCard>", "", "", []byte("png")},
		"no base64":       {open + `<PHOTO><BINVAL>c*5n</BINVAL></PHOTO></vCard>`, "", "", nil},
		"elsewhere":       {open + `<PHOTO><EXTVAL>http://example.org/a.png</EXTVAL></PHOTO></vCard>`, "", "", nil},
		"the second":      {open + `<PHOTO/><PHOTO><BINVAL>cG5n</BINVAL></PHOTO></vCard>`, "", "", []byte("png")},
		"not of vcard":    {open + `<FN xmlns='x'>Ann</FN></vCard>`, "", "", nil},
		"lower case":      {open + `<fn>Ann</fn></vCard>`, "", "", nil},
		"what is written": {open + `<FN/><PHOTO><BINVAL/></PHOTO></vCard>`, "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := cardIn(t, c.xml)
			card, photo := Read(e)
			if card.Name != c.full || card.Nick != c.nick || !bytes.Equal(photo, c.photo) {
				t.Errorf("%+v, %q", card, photo)
			}
		})
	}
}

// FuzzRead: what we write is read as it was, and nothing else does harm.
func FuzzRead(f *testing.F) {
	f.Add("Ann", "<PHOTO><BINVAL>cG5n</BINVAL></PHOTO>")
	f.Fuzz(func(t *testing.T, name, inside string) {
		if e, ok := cardIn(t, `<vCard xmlns='vcard-temp'>`+inside+`</vCard>`); ok {
			Read(e)
		}
		var w stanza.Writer
		c := Card{Name: name, Photo: &picture.Picture{Data: []byte(inside + "x")}}
		c.Append(&w)
		e, ok := cardIn(t, string(w.Bytes()))
		if !ok {
			t.Fatalf("%s cannot be read", w.Bytes())
		}
		if _, photo := Read(e); string(photo) != inside+"x" {
			t.Errorf("the photo is %q", photo)
		}
	})
}
