package oob

import (
	"slices"
	"strings"
	"testing"

	"causeway/component/stanza"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		inside string
		want   []Link
	}{
		"address":             {`<x xmlns='jabber:x:oob'><url>https://a.example/b</url></x>`, []Link{{URL: "https://a.example/b"}}},
		"with a description":  {`<x xmlns='jabber:x:oob'><desc>c &amp; d</desc><url>u</url></x>`, []Link{{"u", "c & d"}}},
		"two":                 {`<x xmlns='jabber:x:oob'><url>1</url></x><x xmlns='jabber:x:oob'><url>2</url></x>`, []Link{{URL: "1"}, {URL: "2"}}},
		"more than there are": {strings.Repeat(`<x xmlns='jabber:x:oob'><url>1</url></x>`, Most+1), slices.Repeat([]Link{{URL: "1"}}, Most)},
		"no address":          {`<x xmlns='jabber:x:oob'><desc>d</desc></x>`, nil},
		"another's namespace": {`<x xmlns='jabber:x:data'><url>u</url></x>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stanza.Parse([]byte("<message>" + c.inside + "</message>"))
			if err != nil {
				t.Fatal(err)
			}
			if links := Find(s); !slices.Equal(links, c.want) {
				t.Errorf("%+v", links)
			}
		})
	}
}

// FuzzFind: no message gives an address out of nothing.
func FuzzFind(f *testing.F) {
	f.Add(`<x xmlns='jabber:x:oob'><url>https://a.example/b</url><desc>d</desc></x>`)
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil {
			return
		}
		for _, l := range Find(s) {
			if l.URL == "" {
				t.Errorf("%+v", l)
			}
		}
	})
}
