package form

import (
	"testing"
	"unicode/utf8"

	"causeway/component/stanza"
)

// inside parses xml as the payload of an IQ.
func inside(xml string) (stanza.Element, error) {
	s, err := stanza.Parse([]byte("<iq type='set'><q xmlns='urn:q'>" + xml + "</q></iq>"))
	if err != nil {
		return stanza.Element{}, err
	}
	q, _ := s.Child("urn:q", "q")
	return q, nil
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		xml      string
		ok       bool
		typ, key string
		want     string
	}{
		"none":           {"", false, "", "a", ""},
		"0004.7 cancel":  {"<x xmlns='jabber:x:data' type='cancel'/>", true, "cancel", "a", ""},
		"value":          {"<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1 &lt; 2</value></field></x>", true, "submit", "a", "1 < 2"},
		"0004.5 unset":   {"<x xmlns='jabber:x:data' type='submit'><field var='a'/></x>", true, "submit", "a", ""},
		"twice":          {"<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value></field><field var='a'><value>2</value></field></x>", true, "submit", "a", "1"},
		"several values": {"<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value><value>2</value></field></x>", true, "submit", "a", "1"},
		"foreign":        {"<x xmlns='jabber:x:data' type='submit'><field xmlns='urn:o' var='a'><value>1</value></field></x>", true, "submit", "a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := inside(c.xml)
			if err != nil {
				t.Fatal(err)
			}
			f, ok := Find(q)
			if ok != c.ok || f.Type != c.typ || f.Values()[c.key] != c.want {
				t.Errorf("%v: %+v", ok, f)
			}
		})
	}
}

func TestAppend(t *testing.T) {
	f := Form{Type: "form", Title: "T", FormType: "urn:t", Fields: []Field{{Var: "a", Type: "text-private", Label: "A", Required: true}}}
	var w stanza.Writer
	f.Append(&w)
	q, err := inside(string(w.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	x, _ := q.Child(NS, "x")
	first, _ := x.Child(NS, "field") // 0004.1
	if first.Attr("var") != "FORM_TYPE" || first.Attr("type") != "hidden" {
		t.Errorf("the first field is %q", first.Attr("var"))
	}
	if got, _ := Find(q); got.FormType != "urn:t" || len(got.Fields) != 1 || got.Fields[0].Type != "text-private" {
		t.Errorf("read back: %+v", got)
	}
}

// FuzzFind writes what it reads and reads it again.
func FuzzFind(f *testing.F) {
	f.Add("<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value></field></x>")
	f.Add("<x xmlns='jabber:x:data'><field/><field var='FORM_TYPE'><value>x</value></field></x>")
	f.Fuzz(func(t *testing.T, xml string) {
		q, err := inside(xml)
		if err != nil {
			return
		}
		one, ok := Find(q)
		if !ok {
			return
		}
		var w stanza.Writer
		one.Append(&w)
		if !utf8.Valid(w.Bytes()) {
			t.Fatalf("%q is no UTF-8", w.Bytes())
		}
		q, err = inside(string(w.Bytes()))
		if err != nil {
			t.Fatalf("%q: %v", w.Bytes(), err)
		}
		two, _ := Find(q)
		if len(one.Fields) != len(two.Fields) || one.FormType != two.FormType {
			t.Errorf("%+v became %+v", one, two)
		}
	})
}
