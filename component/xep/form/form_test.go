package form

import (
	"maps"
	"strings"
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
		"none":          {"", false, "", "a", ""},
		"0004.7 cancel": {"<x xmlns='jabber:x:data' type='cancel'/>", true, "cancel", "a", ""},
		"value":         {"<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1 &lt; 2</value></field></x>", true, "submit", "a", "1 < 2"},
		"0004.5 unset":  {"<x xmlns='jabber:x:data' type='submit'><field var='a'/></x>", true, "submit", "a", ""},
		"twice":         {"<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value></field><field var='a'><value>2</value></field></x>", true, "submit", "a", "1"},
		"0004.3 lines":  {"<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value><value/><value>2</value></field></x>", true, "submit", "a", "1\n\n2"},
		"foreign":       {"<x xmlns='jabber:x:data' type='submit'><field xmlns='urn:o' var='a'><value>1</value></field></x>", true, "submit", "a", ""},
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
	f.Add("<x xmlns='jabber:x:data' type='submit'><field var='a'><value/><value>1</value></field></x>")
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
		if !maps.Equal(one.Values(), two.Values()) || one.FormType != two.FormType {
			t.Errorf("%+v became %+v", one, two)
		}
	})
}

// written returns the form as it is on the wire.
func written(t *testing.T, f Form) string {
	t.Helper()
	var w stanza.Writer
	f.Append(&w)
	if _, err := inside(string(w.Bytes())); err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`"`, `'`).Replace(string(w.Bytes()))
}

func TestFields(t *testing.T) {
	for _, c := range []struct {
		name  string
		field Field
		want  string
	}{
		{
			"0004.2 list",
			Field{Var: "a", Type: "list-single", Value: "r", Options: []Option{{"Red", "r"}, {"Green", "g"}}},
			`<value>r</value><option label='Red'><value>r</value></option><option label='Green'><value>g</value></option>`,
		},
		{"0004.4 required", Field{Var: "a", Required: true, Description: "D"}, `<desc>D</desc><required/>`},
		{
			"0122.1 rule",
			Field{Var: "a", Regex: `\+[0-9]{8,15}`},
			`<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'><regex>\+[0-9]{8,15}</regex></validate>`,
		},
		{"0122.3 no rule that only RE2 has", Field{Var: "a", Regex: `\d+`}, `<field var='a'/>`},
		{
			"0122.3 number",
			Field{Var: "a", Integer: true},
			`<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:integer'><basic/></validate>`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := written(t, Form{Type: "form", Fields: []Field{c.field}}); !strings.Contains(got, c.want) {
				t.Errorf("%s lacks %s", got, c.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	got := written(t, Form{
		Type: "result", Reported: []Field{{Var: "a", Type: "jid-single", Label: "A"}, {Var: "b", Type: "text-single"}},
		Items: [][]string{{"1", "2"}, {"3", ""}},
	})
	want := `<item><field var='a'><value>1</value></field><field var='b'><value>2</value></field></item>` + // 0004.6
		`<item><field var='a'><value>3</value></field><field var='b'><value></value></field></item></x>`
	if !strings.HasSuffix(strings.ReplaceAll(got, "<value/>", "<value></value>"), want) || strings.Count(got, "<reported") != 1 {
		t.Errorf("%s", got)
	}
}
