package roster

import (
	"reflect"
	"slices"
	"testing"

	"causeway/component/stanza"
)

func parse(t *testing.T, w *stanza.Writer) *stanza.Stanza {
	t.Helper()
	s, err := stanza.Parse([]byte("<iq>" + string(w.Bytes()) + "</iq>"))
	if err != nil {
		t.Fatalf("%s: %v", w.Bytes(), err)
	}
	return s
}

func TestCodec(t *testing.T) {
	for name, i := range map[string]Item{
		"0356.6 all of it": {JID: `d\27a@x`, Name: "Ann & Bob", Subscription: Both, Groups: []string{"A", "<B>"}, Approved: true},
		"0356.8 removed":   {JID: "a@x", Subscription: Remove},
		"bare":             {JID: "a@x"},
	} {
		t.Run(name, func(t *testing.T) {
			var w stanza.Writer
			AppendSet(&w, i)
			if got := slices.Collect(Items(parse(t, &w))); len(got) != 1 || !reflect.DeepEqual(got[0], i) {
				t.Errorf("%s: %+v", w.Bytes(), got)
			}
		})
	}
	var w stanza.Writer
	AppendGet(&w)
	if got := slices.Collect(Items(parse(t, &w))); got != nil {
		t.Errorf("0356.5: %s: %+v", w.Bytes(), got)
	}
}

// FuzzItems writes what it reads, and reads the same again.
func FuzzItems(f *testing.F) {
	f.Add("<item jid='a@x' name='A' subscription='both' ask='subscribe'><group>G</group></item><item jid='b'/>")
	f.Add("<item approved='1'><group/><group xmlns='urn:x'>G</group><item jid='c'/></item>")
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := stanza.Parse([]byte("<iq><query xmlns='jabber:iq:roster'>" + inside + "</query></iq>"))
		if err != nil {
			return
		}
		for one := range Items(s) {
			var w stanza.Writer
			AppendSet(&w, one)
			two := slices.Collect(Items(parse(t, &w)))
			if len(two) != 1 || !reflect.DeepEqual(two[0], one) {
				t.Errorf("%+v became %+v", one, two)
			}
		}
	})
}
