package smsc

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzShort reads anything as a submit_sm and shows its text.
func FuzzShort(f *testing.F) {
	m := short{from: numbered("+12025550199"), to: numbered("+12025550100"), data: []byte("hi")}
	f.Add(m.body())
	m.esm, m.data = esmHeader, []byte("\x05\x00\x03\x01\x02\x01hi")
	f.Add(m.body())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := parseShort(body)
		if err != nil {
			return
		}
		h, data := s.place()
		if len(data) > len(s.data) || h.valid() && (h.part == 0 || h.part > h.total) {
			t.Errorf("place gives %+v, %x", h, data)
		}
		if text := decode(s.coding, data); !utf8.ValidString(text) {
			t.Errorf("text %q", text)
		}
	})
}

// FuzzRead reads anything as a PDU; what is read is written the same.
func FuzzRead(f *testing.F) {
	f.Add(pdu{command: cmdEnquireLink, sequence: 1}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := read(bytes.NewReader(b))
		if err == nil && !bytes.HasPrefix(b, p.bytes()) {
			t.Errorf("%x became %x", b, p.bytes())
		}
	})
}

// FuzzEncode encodes a text, and puts its parts together again.
func FuzzEncode(f *testing.F) {
	f.Add("hello")
	f.Add(strings.Repeat("€", 81))
	f.Add(strings.Repeat("😀", 36))
	f.Fuzz(func(t *testing.T, text string) {
		coding, parts := encode(text)
		var joined []part
		for _, data := range parts {
			if limit := map[byte]int{codingDefault: oneSeptets, codingUCS2: oneOctets}[coding]; len(data) > limit {
				t.Errorf("a part of %d octets", len(data))
			}
			joined = append(joined, part{coding: coding, data: data})
		}
		if got, want := join(joined), strings.ToValidUTF8(text, "\uFFFD"); got != want {
			t.Errorf("%q became %q", want, got)
		}
	})
}
