package thread

import (
	"strings"
	"testing"

	"causeway/component/stanza/stanzatest"
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
			if id, ok := Find(stanzatest.Message(t, c.inside)); ok != (c.want != "") || ok && id != c.want {
				t.Errorf("%q, %t", id, ok)
			}
		})
	}
}

// FuzzFind: what is found is what is written again.
func FuzzFind(f *testing.F) {
	stanzatest.FuzzID(f, Find, Append,
		"<thread>1</thread>",
		"<thread parent='2'>&lt;&#x1F600;</thread>",
	)
}
