package stanza

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// benchStanza is a chat message as Prosody routes one, 470 bytes long.
const benchStanza = `<message from='alice@localhost/converse.js-12345678' to='+12025550100@sms.localhost' ` +
	`id='0190a2c4-7c1e-7d3a-9a51-0f1e2d3c4b5a' type='chat' xml:lang='en'>` +
	`<body>Could you please call me back &amp; tell Zoë that we are late by 15 minutes? Thanks.</body>` +
	`<origin-id id='0190a2c4-7c1e-7d3a-9a51-0f1e2d3c4b5a' xmlns='urn:xmpp:sid:0'/>` +
	`<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>` +
	`<active xmlns='http://jabber.org/protocol/chatstates'/></message>`

var plainStanza = strings.Replace(benchStanza, "&amp;", "and", 1)

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, raw string }{{"plain", plainStanza}, {"escaped", benchStanza}} {
		b.Run(c.name, func(b *testing.B) {
			raw := []byte(c.raw)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParseAndRead asks for what a gateway wants to know of a text.
func BenchmarkParseAndRead(b *testing.B) {
	raw := []byte(plainStanza)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		s, err := Parse(raw)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := s.Body(); !ok {
			b.Fatal("no body")
		}
		origin, _ := s.Child("urn:xmpp:sid:0", "origin-id")
		if _, ok := s.Child("urn:xmpp:receipts", "request"); !ok || origin.Attr("id") == "" {
			b.Fatal("not found")
		}
	}
}

func BenchmarkEncodingXML(b *testing.B) {
	b.Run("tokens", func(b *testing.B) {
		b.SetBytes(int64(len(plainStanza)))
		b.ReportAllocs()
		for b.Loop() {
			d := xml.NewDecoder(strings.NewReader(plainStanza))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("struct", func(b *testing.B) {
		b.SetBytes(int64(len(plainStanza)))
		b.ReportAllocs()
		for b.Loop() {
			var m struct {
				From string   `xml:"from,attr"`
				To   string   `xml:"to,attr"`
				ID   string   `xml:"id,attr"`
				Type string   `xml:"type,attr"`
				Body string   `xml:"body"`
				Want struct{} `xml:"urn:xmpp:receipts request"`
			}
			if err := xml.Unmarshal([]byte(plainStanza), &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFramer(b *testing.B) {
	const n = 200
	in := bytes.Repeat([]byte(plainStanza), n)
	f := NewFramer(Limits{}, false)
	b.SetBytes(int64(len(plainStanza)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%n == 0 {
			f.Advance(copy(f.Space(len(in)), in))
		}
		if _, ok, err := f.Next(); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkIndexByte passes over a stanza from one '<' to the next: the ceiling
// of a framer that knows nothing.
func BenchmarkIndexByte(b *testing.B) {
	raw := []byte(plainStanza)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		for rest := raw; ; {
			i := bytes.IndexByte(rest, '<')
			if i < 0 {
				break
			}
			rest = rest[i+1:]
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	out := make([]byte, 0, 1024)
	o := Out{
		Kind: Message, From: "+12025550100@sms.localhost/sms", To: "alice@localhost",
		ID: "0190a2c4-7c1e-7d3a-9a51-0f1e2d3c4b5a", Type: "chat",
	}
	const body = "Could you please call me back and tell Zoë that we are late by 15 minutes? Thanks."
	b.Run("payload ready", func(b *testing.B) {
		o := o
		o.Payload.Leaf("body", "", body).Leaf("request", "urn:xmpp:receipts", "")
		b.SetBytes(int64(len(o.Append(nil))))
		b.ReportAllocs()
		for b.Loop() {
			out = o.Append(out[:0])
		}
	})
	b.Run("payload written", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			o := o
			o.Payload.Leaf("body", "", body).Leaf("request", "urn:xmpp:receipts", "")
			out = o.Append(out[:0])
		}
		b.SetBytes(int64(len(out)))
	})
}
