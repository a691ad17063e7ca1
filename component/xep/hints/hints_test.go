package hints

import (
	"testing"

	"causeway/component/stanza"
)

func TestNoStore(t *testing.T) {
	var w stanza.Writer
	AppendNoStore(&w)
	if got, want := string(w.Bytes()), `<no-store xmlns='urn:xmpp:hints'/>`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
