package chatstates

import (
	"testing"

	"causeway/component/stanza"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ inside, want string }{
		"composing":            {`<composing xmlns='http://jabber.org/protocol/chatstates'/>`, Composing},
		"beside a body":        {`<body>x</body><active xmlns='http://jabber.org/protocol/chatstates'/>`, Active},
		"the first of two":     {`<gone xmlns='http://jabber.org/protocol/chatstates'/><paused xmlns='http://jabber.org/protocol/chatstates'/>`, Gone},
		"another's namespace":  {`<composing xmlns='urn:x'/>`, ""},
		"a state that is none": {`<asleep xmlns='http://jabber.org/protocol/chatstates'/>`, ""},
		"none":                 {`<body>composing</body>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Find(message(t, c.inside)); got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func message(t testing.TB, inside string) *stanza.Stanza {
	t.Helper()
	s, err := stanza.Parse([]byte(`<message>` + inside + `</message>`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzFind: what is found is what is written again.
func FuzzFind(f *testing.F) {
	f.Add([]byte(`<message><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`))
	f.Add([]byte(`<message xmlns:c='http://jabber.org/protocol/chatstates'><c:paused/></message>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := stanza.Parse(raw)
		if err != nil {
			return
		}
		state := Find(s)
		if state == "" {
			return
		}
		var w stanza.Writer
		Append(&w, state)
		if got := Find(message(t, string(w.Bytes()))); got != state {
			t.Errorf("%q came back as %q", state, got)
		}
	})
}
