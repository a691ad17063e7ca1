package sms

import (
	"testing"
	"unicode/utf8"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
)

func sar(ref uint16, total, part byte) smpp.TLVs {
	return smpp.TLVs{
		{Tag: smpp.TagSARRef, Value: []byte{byte(ref >> 8), byte(ref)}},
		{Tag: smpp.TagSARTotal, Value: []byte{total}},
		{Tag: smpp.TagSARSegment, Value: []byte{part}},
	}
}

func payload(s string) smpp.TLVs {
	return smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte(s)}}
}

// The three ways of carriage and what is wrong in them (facts/sms.md, 2.1).
func TestReadPiece(t *testing.T) {
	for _, c := range []struct {
		name string
		sm   smpp.SM
		want place
		text string
	}{
		{"plain", smpp.SM{ShortMessage: []byte("text")}, place{}, "text"},
		{"8-bit reference", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x05\x00\x03\xcc\x02\x01text")}, place{0xcc, 2, 1}, "text"},
		{"16-bit reference", smpp.SM{ESMClass: 0x43, ShortMessage: []byte("\x06\x08\x04\x01\xcc\x02\x02text")}, place{0x1cc, 2, 2}, "text"},
		{"behind another element", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x0b\x05\x04\x00\x01\x00\x02\x00\x03\x07\x03\x02text")}, place{7, 3, 2}, "text"},
		{"header in the payload", smpp.SM{ESMClass: 0x40, TLVs: payload("\x05\x00\x03\x01\x02\x01text")}, place{1, 2, 1}, "text"},
		{"payload", smpp.SM{TLVs: payload("text")}, place{}, "text"},
		{"payload and short_message", smpp.SM{ShortMessage: []byte("short"), TLVs: payload("long")}, place{}, "short"},
		{"sar parameters", smpp.SM{ShortMessage: []byte("text"), TLVs: sar(300, 3, 2)}, place{300, 3, 2}, "text"},
		{"part 0", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x05\x00\x03\x01\x02\x00text")}, place{1, 2, 0}, "text"},
		{"part beyond the total", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x05\x00\x03\x01\x02\x03text")}, place{1, 2, 3}, "text"},
		{"one part of one", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x05\x00\x03\x01\x01\x01text")}, place{1, 1, 1}, "text"},
		{"empty header", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x00text")}, place{}, "text"},
		{"header longer than the data", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x7ftext")}, place{}, "àtext"},
		{"element longer than the header", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x05\x00\x09\x01\x02\x01text")}, place{}, "text"},
		{"header and nothing", smpp.SM{ESMClass: 0x40}, place{}, ""},
		{"Turkish single shift", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x03\x24\x01\x01\x1bs")}, place{}, "ş"},
		{"Turkish locking shift", smpp.SM{ESMClass: 0x40, ShortMessage: []byte("\x03\x25\x01\x01\x07")}, place{}, "ı"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := readPiece(&c.sm, scriptGSM)
			if got := decode(p.script, p.data, p.tables); p.place != c.want || got != c.text {
				t.Errorf("%+v %q, want %+v %q", p.place, got, c.want, c.text)
			}
			if v := c.want; p.valid() != (v.total > 1 && v.part > 0 && v.part <= v.total) {
				t.Errorf("valid: %v", p.valid())
			}
		})
	}
}

func ucs2Part(n, total uint8, data string) bridges.Part {
	p := piece{place: place{1, total, n}, script: scriptUTF16, data: []byte(data)}
	return p.event(phone)
}

func TestAssemble(t *testing.T) {
	b := newBridge(t, config("127.0.0.1:1"))
	mark := "\n(Parts of this message did not arrive.)"
	for _, c := range []struct {
		name  string
		parts []bridges.Part
		want  string
	}{
		{"a letter cut in two", []bridges.Part{ucs2Part(1, 2, "\x00a\xd8\x3d"), ucs2Part(2, 2, "\xde\x42\x00b")}, "a🙂b"},
		{"the first is missing", []bridges.Part{ucs2Part(2, 2, "\x00b")}, "[…] b" + mark},
		{"the last is missing", []bridges.Part{ucs2Part(1, 2, "\x00a")}, "a […]" + mark},
		{"some are missing", []bridges.Part{ucs2Part(2, 6, "\x00b"), ucs2Part(5, 6, "\x00e")}, "[…] b […] e […]" + mark},
		{"parts without text", []bridges.Part{ucs2Part(1, 2, ""), ucs2Part(2, 2, "")}, empty},
		{"written in two ways", []bridges.Part{{Chat: phone, Number: 1, Total: 2, Data: []byte("\x00\x00\x00a\x1be")}, ucs2Part(2, 2, "\x00b")}, "a€b"},
		{"the last of 255", []bridges.Part{ucs2Part(255, 255, "\x00z")}, "[…] z" + mark},
	} {
		t.Run(c.name, func(t *testing.T) {
			if m := b.Assemble(c.parts); m.Text != c.want || m.Chat != phone || m.From != phone {
				t.Errorf("%+v, want %q", m, c.want)
			}
		})
	}
}

func FuzzReadPiece(f *testing.F) {
	f.Add(byte(0x40), byte(0), []byte("\x05\x00\x03\xcc\x02\x01text"))
	f.Add(byte(0x40), byte(8), []byte("\x06\x08\x04\x01\xcc\x02\x02\x00"))
	f.Add(byte(0x40), byte(0), []byte("\xff"))
	b, err := New(config("127.0.0.1:1"), slogDiscard, registry(), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, esm, coding byte, data []byte) {
		p := readPiece(&smpp.SM{ESMClass: esm, DataCoding: coding, ShortMessage: data}, scriptGSM)
		if len(p.data) > len(data) {
			t.Errorf("%d octets of %d", len(p.data), len(data))
		}
		if !p.valid() {
			return
		}
		if m := b.Assemble([]bridges.Part{p.event(phone)}); m.Text == "" || !utf8.ValidString(m.Text) {
			t.Errorf("%q", m.Text)
		}
	})
}
