package sms

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"causeway/bridges"
)

// Limits and alphabets of facts/sms.md, section 2.2.
func TestEncode(t *testing.T) {
	family := "👨‍👩‍👧"
	for _, c := range []struct {
		name   string
		text   string
		coding byte
		sizes  []int // octets of the parts
	}{
		{"one letter", "a", 0, []int{1}},
		{"160 septets", strings.Repeat("a", 160), 0, []int{160}},
		{"161 septets", strings.Repeat("a", 161), 0, []int{153, 8}},
		{"2 full parts", strings.Repeat("a", 306), 0, []int{153, 153}},
		{"2 full parts and one", strings.Repeat("a", 307), 0, []int{153, 153, 1}},
		{"80 of two septets", strings.Repeat("€", 80), 0, []int{160}},
		{"81 of two septets", strings.Repeat("€", 81), 0, []int{152, 10}},
		{"an escape is not split", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 8), 0, []int{152, 10}},
		{"the whole extension table", "^{}\\[~]|€", 0, []int{18}},
		{"at sign at the end", "me@", 0, []int{3}},
		{"Greek Delta", "Δ", 0, []int{1}},
		{"increment is no Delta", "∆", 8, []int{2}},
		{"backtick", "`", 8, []int{2}},
		{"curly quote", "it’s", 8, []int{8}},
		{"c with cedilla", "ç", 8, []int{2}},
		{"C with cedilla", "Ç", 0, []int{1}},
		{"escape is no letter", "\x1b", 8, []int{2}},
		{"70 units", strings.Repeat("ж", 70), 8, []int{140}},
		{"71 units", strings.Repeat("ж", 71), 8, []int{134, 8}},
		{"134 units", strings.Repeat("ж", 134), 8, []int{134, 134}},
		{"135 units", strings.Repeat("ж", 135), 8, []int{134, 134, 2}},
		{"35 emoji", strings.Repeat("🙂", 35), 8, []int{140}},
		{"36 emoji", strings.Repeat("🙂", 36), 8, []int{132, 12}},
		{"a pair is not split", strings.Repeat("ж", 66) + "🙂" + strings.Repeat("ж", 5), 8, []int{132, 14}},
		{"a family", family, 8, []int{2 * 8}},
		{"one curly quote doubles the cost", strings.Repeat("a", 160) + "’", 8, []int{134, 134, 54}},
		{"composed first", "e\u0301", 0, []int{1}},
		{"line ends", "a\r\nb\rc", 0, []int{5}},
		{"not UTF-8", "a\xff", 8, []int{4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := encode(c.text, scriptGSM, 255)
			if err != nil {
				t.Fatal(err)
			}
			var sizes []int
			for _, p := range got.parts {
				sizes = append(sizes, len(p))
			}
			if got.coding != c.coding || !slices.Equal(sizes, c.sizes) {
				t.Errorf("coding %d, sizes %v, want %d, %v", got.coding, sizes, c.coding, c.sizes)
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		words []string
	}{
		{strings.Repeat("a", 6*153+1), 6, []string{"919", "918"}},
		{strings.Repeat("ж", 6*67+1), 6, []string{"403", "402", "alphabet"}},
		{strings.Repeat("a", 161), 1, []string{"161", "160"}},
		{strings.Repeat("ж", 71), 1, []string{"71", "70"}},
		{strings.Repeat("a", 39016), 255, []string{"39016", "39015"}},
	} {
		_, err := encode(c.text, scriptGSM, c.limit)
		var e *bridges.Error
		if !errors.As(err, &e) || e.Kind != bridges.TooLong {
			t.Errorf("%d parts: %v", c.limit, err)
			continue
		}
		for _, w := range c.words {
			if !strings.Contains(e.Text, w) {
				t.Errorf("%q lacks %q", e.Text, w)
			}
		}
		runes := []rune(c.text)
		if _, err := encode(string(runes[:len(runes)-1]), scriptGSM, c.limit); err != nil {
			t.Errorf("one less than the limit of %d: %v", c.limit, err)
		}
	}
}

func TestStandardAlphabets(t *testing.T) {
	for _, c := range []struct {
		standard script
		text     string
		coding   byte
		want     string
	}{
		{scriptLatin1, "é@$_£", 0, "\xe9@$_\xa3"},
		{scriptLatin1, "€", 8, "\x20\xac"},
		{scriptLatin1, "ç", 8, "\x00\xe7"}, // the phone's alphabet lacks it
		{scriptASCII, "@$_[]", 0, "@$_[]"},
		{scriptASCII, "é", 8, "\x00\xe9"},
		{scriptUTF8, "é€", 0, "é€"},
		{scriptGSM, "@$_£é", 0, "\x00\x02\x11\x01\x05"},
	} {
		got, err := encode(c.text, c.standard, 1)
		if err != nil || got.coding != c.coding || string(got.parts[0]) != c.want {
			t.Errorf("%q in %d: %d %q, %v", c.text, c.standard, got.coding, got.parts, err)
		}
	}
	if got, _ := encode(strings.Repeat("{", 81), scriptASCII, 2); len(got.parts) != 2 {
		t.Errorf("septets must count in every alphabet: %d parts", len(got.parts))
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name   string
		coding byte
		data   string
		want   string
	}{
		{"escape of no letter", 0, "\x1bA", "A"},
		{"euro", 0, "\x1be", "€"},
		{"octet of 8 bits", 0, "a\x80b", "a\uFFFDb"},
		{"escape at the end", 0, "a\x1b", "a\uFFFD"},
		{"escape before 8 bits", 0, "\x1b\x80", "\uFFFD\uFFFD"},
		{"two escapes", 0, "\x1b\x1ba", " a"},
		{"at sign at the end", 0, "me\x00", "me@"},
		{"line ends", 0, "a\r\nb\rc", "a\nb\nc"},
		{"IA5", 1, "@$_ a", "@$_ a"},
		{"GSM by the name of IA5", 1, "caf\x05 |\x1be", "café ö€"},
		{"IA5 of 8 bits", 1, "a\x80", "a\uFFFD"},
		{"octets that are text", 2, "h\xc3\xa9", "hé"},
		{"octets that are none", 4, "\x01\xff", "(binary data, 2 octets: 01ff)"},
		{"Latin-1", 3, "caf\xe9", "café"},
		{"Cyrillic", 6, "\xbf\xe0\xd8", "При"},
		{"Hebrew", 7, "\xf9\xec", "של"},
		{"UCS-2", 8, "\x04\x1f\x04\x40", "Пр"},
		{"UTF-16", 8, "\xd8\x3d\xde\x42", "🙂"},
		{"lone surrogate", 8, "\xd8\x3d\x00a", "\uFFFDa"},
		{"odd octets", 8, "\x00a\x00", "a\uFFFD"},
		{"flash", 0x10, "a\x00", "a@"},
		{"flash, class 0", 0xF0, "a\x00", "a@"},
		{"class 1", 0xF1, "a", "a"},
		{"flash, UCS-2", 0x18, "\x00a", "a"},
		{"binary, class 1", 0xF5, "\x00", "(binary data, 1 octets: 00)"},
		{"message waiting", 0xC8, "a\x00", "a@"},
		{"message waiting, UCS-2", 0xE0, "\x00a", "a"},
		{"not assigned", 0x80, "text", "text"},
		{"compressed", 0x20, "\xff", "(binary data, 1 octets: ff)"},
		{"decomposed", 8, "\x00e\x03\x01", "é"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := tidy(decode(scriptOf(c.coding, scriptGSM), []byte(c.data), tables{})); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestNationalTables(t *testing.T) {
	for _, c := range []struct {
		tables tables
		data   string
		want   string
	}{
		{tables{shift: 1}, "\x1bs", "ş"},
		{tables{locking: 1}, "\x07", "ı"},
		{tables{shift: 2}, "\x1ba", "á"},
		{tables{shift: 3}, "\x1b\x1f", "Ê"},
		{tables{locking: 6}, "\x00\x01\x02", "\u0901\u0902\u0903"},
		{tables{shift: 99, locking: 200}, "\x1be@", "€¡"},
	} {
		if got := decodeGSM([]byte(c.data), c.tables); got != c.want {
			t.Errorf("%+v %q is %q, want %q", c.tables, c.data, got, c.want)
		}
	}
}

// What goes out is what comes in, in every alphabet, and no part is too long.
func TestRoundTrip(t *testing.T) {
	letters := []rune("aZ09 @£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ^{}\\[~]|€")
	text := rapid.OneOf(rapid.StringOf(rapid.SampledFrom(letters)), rapid.String(), rapid.StringOfN(rapid.SampledFrom(letters), 100, 600, -1))
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "text")
		standard := *rapid.SampledFrom([]*script{alphabets["gsm7"], alphabets["latin1"], alphabets["ascii"], alphabets["utf8"]}).Draw(t, "standard")
		comesBack(t, s, standard)
	})
}

func comesBack(t interface{ Fatalf(string, ...any) }, s string, standard script) {
	c, err := encode(s, standard, 255)
	if err != nil {
		return
	}
	in := scriptOf(c.coding, standard)
	var back strings.Builder
	for _, p := range c.parts {
		if len(p) > 160 || c.coding == codingUCS2 && len(p) > 140 {
			t.Fatalf("a part of %d octets", len(p))
		}
		back.WriteString(decode(in, p, tables{}))
	}
	if back.String() != tidy(s) {
		t.Fatalf("%q came back as %q", s, back.String())
	}
}

// notInXML tells of the control characters that no text of a user can have.
func notInXML(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }

func FuzzEncode(f *testing.F) {
	f.Add("hello €[]^", uint8(0))
	f.Add("grüße 👨‍👩‍👧‍👦 \u202e\x00", uint8(1))
	f.Add(strings.Repeat("{}", 200), uint8(2))
	names := []string{"gsm7", "latin1", "ascii", "utf8"}
	f.Fuzz(func(t *testing.T, s string, standard uint8) {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, notInXML) {
			return
		}
		comesBack(t, s, *alphabets[names[int(standard)%len(names)]])
	})
}

func FuzzDecode(f *testing.F) {
	for coding := range byte(16) {
		f.Add(coding, []byte("\x1b\x80\xd8\x00text"), byte(1), byte(2))
	}
	f.Fuzz(func(t *testing.T, coding byte, data []byte, shift, locking byte) {
		for _, standard := range alphabets {
			got := tidy(decode(scriptOf(coding, *standard), data, tables{locking, shift}))
			if !utf8.ValidString(got) || len(data) > 1 && got == "" {
				t.Errorf("%q", got)
			}
		}
	})
}
