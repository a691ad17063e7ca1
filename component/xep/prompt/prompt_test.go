package prompt

import (
	"testing"

	"causeway/component/stanza"
)

func TestCodec(t *testing.T) {
	var w stanza.Writer
	AppendOffer(&w, "D", "P")
	s, err := stanza.Parse([]byte("<iq type='result'>" + string(w.Bytes()) + "</iq>"))
	if err != nil {
		t.Fatal(err)
	}
	q, _ := s.Child(NS, "query")
	desc, _ := q.Child(NS, "desc")
	if desc.Text() != "D" || Typed(q) != "P" {
		t.Errorf("0100.41: %s", w.Bytes())
	}
	w = stanza.Writer{}
	AppendJID(&w, `d\27a@x`)
	if s, err = stanza.Parse([]byte("<iq type='result'>" + string(w.Bytes()) + "</iq>")); err != nil {
		t.Fatal(err)
	}
	q, _ = s.Child(NS, "query")
	if jid, _ := q.Child(NS, "jid"); jid.Text() != `d\27a@x` {
		t.Errorf("0100.42: %s", w.Bytes())
	}
}

func FuzzTyped(f *testing.F) {
	f.Add("<prompt>+1 202</prompt>")
	f.Fuzz(func(_ *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<iq><query xmlns='jabber:iq:gateway'>" + inside + "</query></iq>"))
		if err != nil {
			return
		}
		q, _ := s.Child(NS, "query")
		Typed(q)
	})
}
