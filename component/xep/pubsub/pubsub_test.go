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

// What is asked for is read as such, and of an answer or an event what the first item has
// in it.
func TestItems(t *testing.T) {
	for _, id := range []string{"", "a'b"} {
		o := stanza.Out{Kind: stanza.IQ, Type: "get"}
		AppendWanted(&o.Payload, "urn:n", id)
		s, err := stanza.Parse(o.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		p, _ := s.Child(NS, "pubsub")
		if node, got, ok := Wanted(p); node != "urn:n" || got != id || !ok {
			t.Errorf("%q, %q, %t", node, got, ok)
		}
	}
	for name, c := range map[string]struct{ inside, node, text string }{
		"an item":           {"<items node='urn:n'><item id='a'><x>one</x><y>two</y></item><item><x>three</x></item></items>", "urn:n", "one"},
		"an empty item":     {"<items node='urn:n'><item id='a'/></items>", "urn:n", ""},
		"no item":           {"<items node='urn:n'/>", "urn:n", ""},
		"nothing":           {"", "", ""},
		"foreign namespace": {"<items node='urn:n'><item xmlns='urn:o'><x>one</x></item></items>", "urn:n", ""},
	} {
		for _, outside := range []string{"pubsub", "event"} {
			space := map[string]string{"pubsub": NS, "event": nsEvent}[outside]
			s, err := stanza.Parse([]byte("<message><" + outside + " xmlns='" + space + "'>" + c.inside + "</" + outside + "></message>"))
			if err != nil {
				t.Fatal(err)
			}
			node, inside := EventOf(s)
			if outside == "pubsub" {
				node, inside = c.node, ItemIn(s)
			}
			if node != c.node || inside.Text() != c.text {
				t.Errorf("%s, %s: %q, %q", outside, name, node, inside.Text())
			}
		}
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
