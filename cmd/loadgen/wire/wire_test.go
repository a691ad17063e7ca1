package wire

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const stream = "<?xml version='1.0'?><stream:stream from='x' id=\"a>b\">" +
	"<stream:features><a/></stream:features> \n" +
	"<message from='a@b/c' to='d' id='1' type='chat'><body>a &lt; b &#x41;</body></message>" +
	"<presence/>" +
	"<iq id=\"q\" a='</iq>'><query xmlns='n'><item/></query></iq></stream:stream>"

func TestReader(t *testing.T) {
	want := []string{"stream:features", "message", "presence", "iq"}
	for name, r := range map[string]io.Reader{
		"at once":       strings.NewReader(stream),
		"a byte a time": iotest.OneByteReader(strings.NewReader(stream)),
		"in halves":     iotest.HalfReader(strings.NewReader(stream)),
	} {
		t.Run(name, func(t *testing.T) {
			reader := NewReader(r)
			for _, w := range want {
				raw, err := reader.Next()
				if err != nil {
					t.Fatal(err)
				}
				if got := string(ParseHead(raw).Name); got != w {
					t.Fatalf("got %q (%s), want %q", got, raw, w)
				}
			}
			if _, err := reader.Next(); !errors.Is(err, io.EOF) {
				t.Fatalf("at the end: %v", err)
			}
		})
	}
}

func TestElement(t *testing.T) {
	raw := []byte("<message from='a@b/c' to='d' id=\"1\" type='chat'><bodyx>no</bodyx><body>a &lt; b &#x41;</body>" +
		"<received xmlns='urn:xmpp:receipts' id='7'/></message>")
	h := ParseHead(raw)
	if string(h.From) != "a@b/c" || string(h.To) != "d" || string(h.ID) != "1" || string(h.Type) != "chat" {
		t.Errorf("head %s %s %s %s", h.From, h.To, h.ID, h.Type)
	}
	if body, ok := Text(raw, "body"); !ok || body != "a < b A" {
		t.Errorf("body %q %v", body, ok)
	}
	if id := Attr(Child(raw, "received"), "id"); string(id) != "7" {
		t.Errorf("received %q", id)
	}
	if Child(raw, "bod") != nil {
		t.Error("a child by half a name")
	}
	if got := Unescape([]byte(Escape(`<&>"'`))); got != `<&>"'` {
		t.Errorf("escape and back: %q", got)
	}
}

// endless repeats a text.
type endless struct {
	text string
	pos  int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.pos:])
	e.pos = (e.pos + n) % len(e.text)
	return n, nil
}

func BenchmarkReader(b *testing.B) {
	one := "<message xmlns='jabber:client' to='alice@localhost/load' from='+12025550100@sms.localhost/sms' id='0123456789'>" +
		"<received xmlns='urn:xmpp:receipts' id='l1-123456'/></message>"
	r := NewReader(&endless{text: strings.Repeat(one, 100)})
	b.SetBytes(int64(len(one)))
	for b.Loop() {
		raw, err := r.Next()
		if err != nil {
			b.Fatal(err)
		}
		ParseHead(raw)
	}
}
