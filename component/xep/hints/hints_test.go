package hints

import (
	"testing"

	"causeway/component/stanza"
)

func TestAppend(t *testing.T) {
	for want, add := range map[string]func(*stanza.Writer){
		`<no-store xmlns='urn:xmpp:hints'/>`: AppendNoStore,
		`<store xmlns='urn:xmpp:hints'/>`:    AppendStore,
	} {
		var w stanza.Writer
		add(&w)
		if got := string(w.Bytes()); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
