package oob

import (
	"testing"

	"causeway/component/stanza"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		inside string
		want   Link
	}{
		"address":             {`<x xmlns='jabber:x:oob'><url>https://a.example/b</url></x>`, Link{URL: "https://a.example/b"}},
		"with a description":  {`<x xmlns='jabber:x:oob'><desc>c &amp; d</desc><url>u</url></x>`, Link{"u", "c & d"}},
		"the first of two":    {`<x xmlns='jabber:x:oob'><url>1</url></x><x xmlns='jabber:x:oob'><url>2</url></x>`, Link{URL: "1"}},
		"no address":          {`<x xmlns='jabber:x:oob'><desc>d</desc></x>`, Link{Desc: "d"}},
		"another's namespace": {`<x xmlns='jabber:x:data'><url>u</url></x>`, Link{}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stanza.Parse([]byte("<message>" + c.inside + "</message>"))
			if err != nil {
				t.Fatal(err)
			}
			if l, ok := Find(s); l != c.want || ok != (c.want.URL != "") {
				t.Errorf("%+v, %t", l, ok)
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
		if l, ok := Find(s); ok != (l.URL != "") {
			t.Errorf("%+v, %t", l, ok)
		}
	})
}
