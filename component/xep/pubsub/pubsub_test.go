package pubsub

import (
	"testing"

	"causeway/component/stanza"
)

func TestWanted(t *testing.T) {
	for name, c := range map[string]struct {
		xml, node, id string
		ok            bool
	}{
		"all items":         {"<items node='urn:n' max_items='1'/>", "urn:n", "", true},
		"one item":          {"<items node='urn:n'><item id='a'/></items>", "urn:n", "a", true},
		"two items":         {"<items node='urn:n'><item id='a'/><item id='b'/></items>", "urn:n", "a", true},
		"no node":           {"<items/>", "", "", true},
		"something else":    {"<subscriptions/>", "", "", false},
		"foreign namespace": {"<items xmlns='urn:o' node='urn:n'/>", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stanza.Parse([]byte("<iq type='get'><pubsub xmlns='" + NS + "'>" + c.xml + "</pubsub></iq>"))
			if err != nil {
				t.Fatal(err)
			}
			p, _ := s.Child(NS, "pubsub")
			if node, id, ok := Wanted(p); node != c.node || id != c.id || ok != c.ok {
				t.Errorf("%q, %q, %t", node, id, ok)
			}
		})
	}
}

// FuzzWanted writes what it reads and reads it again.
func FuzzWanted(f *testing.F) {
	f.Add("<items node='urn:n'><item id='a'/></items>")
	f.Fuzz(func(t *testing.T, xml string) {
		s, err := stanza.Parse([]byte("<iq type='get'><pubsub xmlns='" + NS + "'>" + xml + "</pubsub></iq>"))
		if err != nil {
			return
		}
		p, _ := s.Child(NS, "pubsub")
		node, id, ok := Wanted(p)
		if !ok {
			return
		}
		var w stanza.Writer
		AppendItem(&w, node, id, func(*stanza.Writer) {})
		if s, err = stanza.Parse([]byte("<iq type='result'>" + string(w.Bytes()) + "</iq>")); err != nil {
			t.Fatalf("%q: %v", w.Bytes(), err)
		}
		p, _ = s.Child(NS, "pubsub")
		if n, i, ok := Wanted(p); n != node || i != id || !ok {
			t.Errorf("%q and %q became %q and %q", node, id, n, i)
		}
	})
}
