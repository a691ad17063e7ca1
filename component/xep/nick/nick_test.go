package nick

import (
	"testing"

	"causeway/component/stanza"
)

func TestAppend(t *testing.T) {
	var w stanza.Writer
	Append(&w, "Ann <& 'Bob'>")
	s, err := stanza.Parse([]byte("<presence>" + string(w.Bytes()) + "</presence>"))
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := s.Child(NS, "nick"); !ok || e.Text() != "Ann <& 'Bob'>" {
		t.Errorf("0172.1: %s", w.Bytes())
	}
}
