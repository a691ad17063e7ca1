package register

import (
	"strings"
	"testing"

	"causeway/component/stanza"
	"causeway/component/xep/form"
)

func query(xml string) (stanza.Element, error) {
	s, err := stanza.Parse([]byte("<iq type='set'><query xmlns='jabber:iq:register'>" + xml + "</query></iq>"))
	if err != nil {
		return stanza.Element{}, err
	}
	q, _ := s.Child(NS, "query")
	return q, nil
}

func TestRead(t *testing.T) {
	const submit = "<x xmlns='jabber:x:data' type='submit'><field var='username'><value>form</value></field></x>"
	for name, c := range map[string]struct {
		xml  string
		want Request
		user string
	}{
		"empty":                    {"", Request{}, ""},
		"0100.4 fields":            {"<username>a</username><password>b</password>", Request{}, "a"},
		"0077.5 form":              {submit, Request{Alone: true}, "form"},
		"a form counts more":       {"<username>a</username>" + submit, Request{}, "form"},
		"0100.15 remove":           {"<remove/>", Request{Remove: true, Alone: true}, ""},
		"0077.6 remove and more":   {"<remove/><username>a</username>", Request{Remove: true}, "a"},
		"0004.7 cancel":            {"<x xmlns='jabber:x:data' type='cancel'/>", Request{Cancel: true, Alone: true}, ""},
		"a foreign remove is none": {"<remove xmlns='urn:o'/>", Request{Alone: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := query(c.xml)
			if err != nil {
				t.Fatal(err)
			}
			r := Read(q)
			if r.Remove != c.want.Remove || r.Alone != c.want.Alone || r.Cancel != c.want.Cancel || r.Fields["username"] != c.user {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestOffer(t *testing.T) {
	o := Offer{Registered: true, Instructions: "I", Form: form.Form{Fields: []form.Field{
		{Var: "username", Type: "text-single"}, {Var: "token", Type: "text-private"},
	}}}
	var w stanza.Writer
	o.Append(&w)
	got := string(w.Bytes())
	for _, want := range []string{"<registered", "<username", "FORM_TYPE", "var='token'"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	if strings.Contains(got, "<token") { // no field of XEP-0077
		t.Errorf("%s", got)
	}
	o.Form.Fields[1].Required = true
	w = stanza.Writer{}
	o.Append(&w)
	if got := string(w.Bytes()); strings.Contains(got, "<username") { // 0077.2
		t.Errorf("fields beside a form that needs more: %s", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("<remove/>")
	f.Add("<username>a</username><x xmlns='jabber:x:data' type='submit'><field var='b'/></x>")
	f.Fuzz(func(t *testing.T, xml string) {
		q, err := query(xml)
		if err != nil {
			return
		}
		if r := Read(q); r.Fields == nil {
			t.Error("no fields")
		}
	})
}
