package thread

import (
	"strings"
	"testing"

	"causeway/component/stanza"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ inside, want string }{
		"a thread":          {`<thread>a&amp;b</thread>`, "a&b"},
		"with a parent":     {`<body>x</body><thread parent='y'>a</thread>`, "a"},
		"empty":             {`<thread/>`, ""},
		"too long":          {`<thread>` + strings.Repeat("x", maxID+1) + `</thread>`, ""},
		"another's element": {`<thread xmlns='urn:x'>a</thread>`, ""},
		"none":              {`<body>x</body>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if id, ok := Find(message(t, c.inside)); ok != (c.want != "") || ok && id != c.want {
				t.Errorf("%q, %t", id, ok)
			}
		})
	}
}

func message(t testing.TB, inside string) *stanza.Stanza {
	t.Helper()
	s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzFind: what is found is what is written again.
func FuzzFind(f *testing.F) {
	f.Add("<thread>1</thread>")
	f.Add("<thread parent='2'>&lt;&#x1F600;</thread>")
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<message>" + inside + "</message>"))
		if err != nil {
			return
		}
		id, ok := Find(s)
		if !ok {
			return
		}
		var w stanza.Writer
		Append(&w, id)
		if again, ok := Find(message(t, string(w.Bytes()))); !ok || again != id {
			t.Errorf("%q became %q", id, again)
		}
	})
}
