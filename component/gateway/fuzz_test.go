package gateway

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
)

// FuzzRead: what becomes a text has one; nothing else does.
func FuzzRead(f *testing.F) {
	f.Add("chat", "<body>x</body>")
	f.Add("groupchat", "<body xml:lang='de'>x</body><delay xmlns='urn:xmpp:delay' stamp='2001-01-01T00:00:00Z'/>")
	f.Add("error", "<encrypted xmlns='urn:xmpp:omemo:2'><payload/></encrypted>")
	f.Fuzz(func(t *testing.T, typ, inside string) {
		if strings.ContainsAny(typ, `'"<>&`) {
			return
		}
		s, err := stanza.Parse([]byte("<message type='" + typ + "'>" + inside + "</message>"))
		if err != nil {
			return
		}
		r := read(s, time.Now())
		n := 0
		for _, set := range []bool{r.text != "", r.drop != "", r.refuse != nil} {
			if set {
				n++
			}
		}
		if n != 1 || strings.TrimSpace(r.text) == "" && r.text != "" {
			t.Errorf("%+v", r)
		}
	})
}

// FuzzDecodeIncoming: what can be read is whole, and is written as it was.
func FuzzDecodeIncoming(f *testing.F) {
	for _, e := range []bridges.Event{
		sms("hello"), bridges.Receipt{ID: "m", Chat: phone, State: bridges.Failed, Reason: &bridges.Error{Kind: bridges.Absent, Text: "Off."}},
	} {
		in, err := newIncoming(bridges.Delivery{Account: alice, Event: e, Once: "o", Stream: 7}, time.Unix(1, 0).UTC())
		if err != nil {
			f.Fatal(err)
		}
		rec, err := in.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(rec.Data)
	}
	f.Add([]byte(`{"k":"message","r":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := decodeIncoming(data)
		if err != nil {
			return
		}
		_ = one.chat()
		rec, err := one.encode()
		if err != nil {
			return // a time beyond what is written
		}
		two, err := decodeIncoming(rec.Data)
		if err != nil || one.chat() != two.chat() || !one.At.Equal(two.At) || !reflect.DeepEqual(one.Receipt, two.Receipt) {
			t.Errorf("%s became %s: %v", data, rec.Data, err)
		}
	})
}
