package sfs

import (
	"slices"
	"testing"

	"causeway/component/stanza"
)

const source = `<url-data xmlns='http://jabber.org/protocol/url-data' target='https://a.example/b'/>`

// shared is a message element with a file (xeps.md 0447.1).
func shared(file, sources string) string {
	return `<file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'><file xmlns='urn:xmpp:file:metadata:0'>` + file +
		`</file><sources>` + sources + `</sources></file-sharing>`
}

func TestFind(t *testing.T) {
	const transfer = `<jinglepub xmlns='urn:xmpp:jinglepub:1' from='a@b'/>`
	for name, c := range map[string]struct {
		inside string
		want   []File
	}{
		"0447.1 address":           {shared("<name>b</name><desc>c &amp; d</desc>", source), []File{{"https://a.example/b", "c & d"}}},
		"another kind before":      {shared("", transfer+source), []File{{URL: "https://a.example/b"}}},
		"another kind alone":       {shared("", transfer), []File{{}}},
		"an empty one before":      {shared("", `<url-data xmlns='http://jabber.org/protocol/url-data' target=' '/>`+source), []File{{URL: "https://a.example/b"}}},
		"without sources":          {`<file-sharing xmlns='urn:xmpp:sfs:0'/>`, []File{{}}},
		"two":                      {shared("<desc>c</desc>", source) + shared("", source), []File{{"https://a.example/b", "c"}, {URL: "https://a.example/b"}}},
		"another's namespace":      {`<file-sharing xmlns='urn:odd'><sources>` + source + `</sources></file-sharing>`, nil},
		"an address of its own":    {source, nil},
		"sources for another time": {`<sources xmlns='urn:xmpp:sfs:0' id='x'>` + source + `</sources>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stanza.Parse([]byte("<message>" + c.inside + "</message>"))
			if err != nil {
				t.Fatal(err)
			}
			if got := Find(s); !slices.Equal(got, c.want) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add(shared("<desc>c</desc>", source))
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil {
			return
		}
		if files := Find(s); len(files) > Most {
			t.Errorf("%d files", len(files))
		}
	})
}
