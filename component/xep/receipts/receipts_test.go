package receipts

import (
	"testing"

	"causeway/component/stanza"
)

func TestCodec(t *testing.T) {
	var w stanza.Writer
	AppendReceived(&w, "a'<1>")
	s, err := stanza.Parse([]byte("<message>" + string(w.Bytes()) + "</message>"))
	if err != nil {
		t.Fatal(err)
	}
	if got := Received(s); got != "a'<1>" || Requested(s) {
		t.Errorf("0184.1: %q", got)
	}
	s, err = stanza.Parse([]byte("<message><request xmlns='" + NS + "'/><received xmlns='urn:o' id='x'/></message>"))
	if err != nil || !Requested(s) || Received(s) != "" {
		t.Errorf("0184.2: %v", err)
	}
}

func FuzzReceived(f *testing.F) {
	f.Add("id")
	f.Fuzz(func(t *testing.T, id string) {
		var w stanza.Writer
		AppendReceived(&w, id)
		s, err := stanza.Parse([]byte("<message>" + string(w.Bytes()) + "</message>"))
		if err != nil {
			t.Fatalf("%q: %v", w.Bytes(), err)
		}
		one := Received(s)
		w = stanza.Writer{}
		AppendReceived(&w, one)
		if s, err = stanza.Parse([]byte("<message>" + string(w.Bytes()) + "</message>")); err != nil || Received(s) != one {
			t.Errorf("%q became %q, %v", one, Received(s), err)
		}
	})
}
