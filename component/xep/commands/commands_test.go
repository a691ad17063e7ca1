package commands

import (
	"testing"

	"causeway/component/stanza"
	"causeway/component/xep/form"
)

func command(xml string) (stanza.Element, error) {
	s, err := stanza.Parse([]byte("<iq type='set'>" + xml + "</iq>"))
	if err != nil {
		return stanza.Element{}, err
	}
	c, _ := s.Child(NS, "command")
	return c, nil
}

func TestRead(t *testing.T) {
	c, err := command("<command xmlns='" + NS + "' node='n' sessionid='s'><x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value></field></x></command>")
	if err != nil {
		t.Fatal(err)
	}
	r := Read(c)
	if r.Node != "n" || r.Session != "s" || r.Action != "execute" || !r.HasForm || r.Form.Values()["a"] != "1" {
		t.Errorf("%+v", r)
	}
}

func TestAppend(t *testing.T) {
	r := Response{
		Node: "n", Session: "s", Status: "executing", Actions: []string{"complete"}, Execute: "complete",
		Form: &form.Form{Type: "form"}, Note: "N", NoteType: "warn",
	}
	var w stanza.Writer
	r.Append(&w)
	c, err := command(string(w.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	actions, _ := c.Child(NS, "actions") // 0050.4
	_, complete := actions.Child(NS, "complete")
	note, _ := c.Child(NS, "note")
	if c.Attr("status") != "executing" || actions.Attr("execute") != "complete" || !complete || note.Text() != "N" || note.Attr("type") != "warn" {
		t.Errorf("%s", w.Bytes())
	}
}

func FuzzRead(f *testing.F) {
	f.Add("<command xmlns='" + NS + "' node='n' action='next'/>")
	f.Fuzz(func(t *testing.T, xml string) {
		c, err := command(xml)
		if err != nil {
			return
		}
		if r := Read(c); r.Action == "" {
			t.Error("no action")
		}
	})
}
