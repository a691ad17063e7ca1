package privilege

import (
	"testing"

	"causeway/component/stanza"
)

// xeps.md 0356.15: the shape.
func TestQuery(t *testing.T) {
	var w stanza.Writer
	Query{To: "upload.h", ID: "1", Payload: func(w *stanza.Writer) { w.Leaf("request", "urn:x", "") }}.Append(&w)
	want := `<privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='get' to='upload.h' id='1'><request xmlns='urn:x'/></iq></privileged_iq>`
	if got := string(w.Bytes()); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// xeps.md 0356.16: what comes back.
func TestAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		inside string
		want   string // the type of the answer
	}{
		"0356.16 result": {`<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='result' id='1'/></forwarded></privilege>`, "result"},
		"0356.16 error":  {`<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='error' id='1'/></forwarded></privilege>`, "error"},
		"not forwarded":  {`<privilege xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='result'/></privilege>`, ""},
		"nothing":        {``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stanza.Parse([]byte(`<iq type='result' from='a@h' to='g' id='x'>` + c.inside + `</iq>`))
			if err != nil {
				t.Fatal(err)
			}
			iq, ok := Answer(s)
			if iq.Attr("type") != c.want || ok != (c.want != "") {
				t.Errorf("%q, %v", iq.Attr("type"), ok)
			}
		})
	}
}
