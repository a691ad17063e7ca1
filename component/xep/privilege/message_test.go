package privilege

import (
	"testing"

	"causeway/component/stanza"
)

// xeps.md 0356.11: the shape.
func TestForwarded(t *testing.T) {
	var w stanza.Writer
	Forwarded{From: "a@b", To: "c@d", ID: "1", Payload: func(w *stanza.Writer) {
		w.Leaf("body", "", "x < y")
		w.Leaf("delay", "urn:xmpp:delay", "")
	}}.Append(&w)
	want := `<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>` +
		`<message xmlns='jabber:client' from='a@b' to='c@d' type='chat' id='1'><body>x &lt; y</body><delay xmlns='urn:xmpp:delay'/></message></forwarded></privilege>`
	if got := string(w.Bytes()); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
