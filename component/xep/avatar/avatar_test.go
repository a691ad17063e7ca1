package avatar

import (
	"bytes"
	"strings"
	"testing"

	"causeway/component/picture"
	"causeway/component/stanza"
)

// child parses an element.
func child(t testing.TB, xml string) (e stanza.Element, ok bool) {
	t.Helper()
	s, err := stanza.Parse([]byte("<iq>" + xml + "</iq>"))
	if err != nil {
		return e, false
	}
	for e := range s.Children() {
		return e, true
	}
	return e, true
}

func TestFindMetadata(t *testing.T) {
	for name, c := range map[string]struct{ infos, want string }{
		"one":            {"<info id='a' bytes='9' type='image/png' width='3' height='4'/>", "a"},
		"none":           {"", ""},
		"one elsewhere":  {"<info id='a' bytes='9' url='https://a.example/a'/><info id='b' bytes='9'/>", "b"},
		"too large":      {"<info id='a' bytes='10'/><info id='b' bytes='9'/>", "b"},
		"of no size":     {"<info id='a'/>", ""},
		"of a long id":   {"<info id='" + strings.Repeat("a", longestID+1) + "' bytes='9'/>", ""},
		"something else": {"<info xmlns='urn:o' id='a' bytes='9'/>", ""},
	} {
		e, _ := child(t, "<metadata xmlns='urn:xmpp:avatar:metadata'>"+c.infos+"</metadata>")
		if got := FindMetadata(e, 9); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := FindMetadata(stanza.Element{}, 9); got != "" {
		t.Errorf("nothing: %q", got)
	}
}

func TestIsEmpty(t *testing.T) {
	for xml, want := range map[string]bool{
		"<metadata xmlns='urn:xmpp:avatar:metadata'/>":                  true,
		"<metadata xmlns='urn:xmpp:avatar:metadata'><info/></metadata>": false,
		"<metadata xmlns='urn:o'/>":                                     false,
		"<data xmlns='urn:xmpp:avatar:metadata'/>":                      false,
	} {
		e, _ := child(t, xml)
		if got := IsEmpty(e); got != want {
			t.Errorf("%s: %t", xml, got)
		}
	}
	if IsEmpty(stanza.Element{}) {
		t.Error("nothing is empty")
	}
}

func TestFindData(t *testing.T) {
	for name, c := range map[string]struct{ xml, want string }{
		"a picture":      {"<data xmlns='urn:xmpp:avatar:data'>cG5n</data>", "png"},
		"in lines":       {"<data xmlns='urn:xmpp:avatar:data'>\n cG\n 5n\n</data>", "png"},
		"no base64":      {"<data xmlns='urn:xmpp:avatar:data'>c*5n</data>", ""},
		"nothing":        {"<data xmlns='urn:xmpp:avatar:data'/>", ""},
		"something else": {"<data xmlns='urn:o'>cG5n</data>", ""},
	} {
		e, _ := child(t, c.xml)
		if got := FindData(e); string(got) != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// FuzzFind: what we write is read as it was, and nothing else does harm.
func FuzzFind(f *testing.F) {
	f.Add("<info id='a' bytes='9'/>", "a", []byte("png"))
	f.Fuzz(func(t *testing.T, inside, id string, data []byte) {
		for _, name := range []string{"metadata", "data"} {
			if e, ok := child(t, "<"+name+" xmlns='urn:xmpp:avatar:"+name+"'>"+inside+"</"+name+">"); ok {
				FindMetadata(e, 1<<20)
				FindData(e)
			}
		}
		var w stanza.Writer
		AppendData(&w, &picture.Picture{Data: data})
		if e, ok := child(t, string(w.Bytes())); !ok || !bytes.Equal(FindData(e), data) {
			t.Errorf("%q became %q", data, w.Bytes())
		}
	})
}
