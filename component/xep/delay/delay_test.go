package delay

import (
	"testing"
	"time"

	"causeway/component/stanza"
)

func message(inside string) (*stanza.Stanza, error) {
	return stanza.Parse([]byte("<message>" + inside + "</message>"))
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		inside string
		want   string // Unix time; empty: none
	}{
		"none":            {"<body>x</body>", ""},
		"0203.1 UTC":      {"<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:10Z'/>", "10"},
		"with a fraction": {"<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:10.75Z'/>", "10"},
		"with an offset":  {"<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T01:00:10+01:00'/>", "10"},
		"unreadable":      {"<delay xmlns='urn:xmpp:delay' stamp='yesterday'/>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := message(c.inside)
			if err != nil {
				t.Fatal(err)
			}
			d, ok := Find(s)
			if ok != (c.want != "") || ok && d.Stamp.Unix() != 10 {
				t.Errorf("%v, %v", d, ok)
			}
		})
	}
}

// FuzzFind writes what it reads, and reads the same time again.
func FuzzFind(f *testing.F) {
	f.Add("1970-01-01T00:00:10Z")
	f.Add("2024-02-29T23:59:59.999+14:00")
	f.Fuzz(func(t *testing.T, stamp string) {
		var w stanza.Writer
		w.Leaf("delay", NS, "", "stamp", stamp)
		s, err := message(string(w.Bytes()))
		if err != nil {
			t.Fatalf("%q: %v", w.Bytes(), err)
		}
		one, ok := Find(s)
		if y := one.Stamp.UTC().Year(); !ok || y < 0 || y > 9999 {
			return
		}
		var again stanza.Writer
		one.Append(&again)
		if s, err = message(string(again.Bytes())); err != nil {
			t.Fatal(err)
		}
		if two, ok := Find(s); !ok || !two.Stamp.Equal(one.Stamp.Truncate(time.Millisecond)) {
			t.Errorf("%v became %v", one.Stamp, two.Stamp)
		}
	})
}
