package mapping

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestVectors are those of XEP-0106 (xeps.md 0106.2, 0106.3, 0106.6, 0106.10, 0106.11).
func TestVectors(t *testing.T) {
	for id, localpart := range map[string]string{
		`c:\5commas`:              `c\3a\5c5commas`,
		`c:\net`:                  `c\3a\net`,
		`c:\cool stuff`:           `c\3a\cool\20stuff`,
		`foo\bar`:                 `foo\bar`,
		`\2plus\2is\4`:            `\2plus\2is\4`,
		`foob\41r`:                `foob\41r`,
		`d'artagnan`:              `d\27artagnan`,
		`::foo::`:                 `\3a\3afoo\3a\3a`,
		`\3and\2is\5cool`:         `\5c3and\2is\5c5cool`,
		`/.fanboy`:                `\2f.fanboy`,
		`<foo>`:                   `\3cfoo\3e`,
		`user@host`:               `user\40host`,
		`space cadet`:             `space\20cadet`,
		`call me "ishmael"`:       `call\20me\20\22ishmael\22`,
		`at&t guy`:                `at\26t\20guy`,
		`treasure at \20`:         `treasure\20at\20\5c20`,
		`@alice:example.org`:      `\40alice\3aexample.org`,
		`#room:example.org`:       `#room\3aexample.org`,
		`!id:example.org`:         `!id\3aexample.org`,
		"!#$+,;=%._-()*?^`{|}~[]": "!#$+,;=%._-()*?^`{|}~[]",
		`80351110224678912`:       `80351110224678912`,
		`+12025550100`:            `+12025550100`,
	} {
		both(t, id, localpart)
	}
}

// TestOwnEscapes are the extensions (xeps.md 0106.4, .7, .9).
func TestOwnEscapes(t *testing.T) {
	for id, localpart := range map[string]string{
		`Bob:matrix.org`: `\=bob\3amatrix.org`,
		`#Room:hs`:       `#\=room\3ahs`,
		`!AbC:hs`:        `!\=ab\=c\3ahs`,
		`!abc:hs`:        `!abc\3ahs`,
		`GOOGLE`:         `\=g\=o\=o\=g\=l\=e`,
		` x `:            `\_20x\_20`,
		` `:              `\_20`,
		`  x`:            `\_20\20x`,
		"é":              `\_c3\_a9`,
		"É":              `\_c3\_89`,
		"\U0001F600":     `\_f0\_9f\_98\_80`,
		"\xff":           `\_ff`,
		"a\x00\n\x7f":    `a\_00\_0a\_7f`,
		`\=a`:            `\5c=a`,
		`\=A`:            `\=\=a`,
		`\_c3`:           `\5c_c3`,
		`\_C3`:           `\_\=c3`,
		`\_2`:            `\_2`,
		`\`:              `\`,
		`\\`:             `\\`,
		`\\20`:           `\\5c20`,
		`\5c`:            `\5c5c`,
		`\ `:             `\\_20`,
		`\: x`:           `\\3a\20x`,
		`\2` + "\x7f":    `\2\_7f`,
		`=_`:             `=_`,
	} {
		both(t, id, localpart)
	}
}

// both checks a pair in both directions.
func both(t *testing.T, id, localpart string) {
	t.Helper()
	if got, err := Localpart(id); got != localpart || err != nil {
		t.Errorf("Localpart(%q) = %q, %v, want %q", id, got, err, localpart)
	}
	if got, err := ForeignID(localpart); got != id || err != nil {
		t.Errorf("ForeignID(%q) = %q, %v, want %q", localpart, got, err, id)
	}
}

// TestNotCanonical: another spelling shows what was meant (xeps.md 0106.12).
func TestNotCanonical(t *testing.T) {
	for localpart, id := range map[string]string{
		`Alice`:  `alice`,
		`\=Bob`:  `Bob`,
		`\3A`:    `:`,
		`\5cfoo`: `\foo`,
		`\20x`:   ` x`,
		`x\20`:   `x `,
		`a\_20b`: `a b`,
		`\_41`:   `A`,
		`\_3a`:   `:`,
		`é`:      "é",
		`\C3`:    `\c3`,
		`\5c\=a`: `\A`,
	} {
		got, err := ForeignID(localpart)
		if got != id || !errors.Is(err, ErrNotCanonical) {
			t.Errorf("ForeignID(%q) = %q, %v, want %q, not canonical", localpart, got, err, id)
		}
	}
}

// TestNoAddress: what can be no localpart, or has none (RFC 7622, 3.3).
func TestNoAddress(t *testing.T) {
	for _, s := range []string{
		"", " ", "a b", "a@b", "a/b", "a:b", `a"b`, "a&b", "a'b", "a<b", "a>b", "a\tb", "a\x00", "a\x7f", "a\xff",
		strings.Repeat("x", MaxLocalpart+1),
	} {
		if got, err := ForeignID(s); !errors.Is(err, ErrAddress) {
			t.Errorf("ForeignID(%.20q) = %.20q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", strings.Repeat("x", MaxLocalpart+1), strings.Repeat("É", 128)} {
		if got, err := Localpart(s); !errors.Is(err, ErrAddress) {
			t.Errorf("Localpart(%.20q) = %.20q, %v", s, got, err)
		}
	}
}

// TestLongest: a Matrix id of 255 bytes always has an address (xeps.md 0106.8).
func TestLongest(t *testing.T) {
	for _, s := range []string{"A", "\xff", ":", `\5c`, "é"} {
		id := strings.Repeat(s, 255/len(s))
		l, err := Localpart(id)
		if err != nil || len(l) > MaxLocalpart {
			t.Errorf("%d bytes of %q: %d bytes, %v", len(id), s, len(l), err)
		}
	}
}

// TestInjective: different ids, different addresses, whatever the case; and
// each maps back (xeps.md 0106.7).
func TestInjective(t *testing.T) {
	// Few characters, so that what is alike is met.
	id := rapid.StringOfN(rapid.RuneFrom([]rune(`\25cC0aA=_ :é@`)), 1, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := id.Draw(t, "a"), id.Draw(t, "b")
		la, lb := mustLocalpart(t, a), mustLocalpart(t, b)
		if strings.EqualFold(la, lb) != (a == b) {
			t.Fatalf("%q and %q: %q and %q", a, b, la, lb)
		}
	})
}

// TestCanonical: of all spellings of a localpart one is canonical, and what a
// localpart decodes to has that one.
func TestCanonical(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune(`\25cCaA=_fé4`)), 1, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		l := text.Draw(t, "localpart")
		id, err := ForeignID(l)
		switch {
		case err == nil && mustLocalpart(t, id) != l, errors.Is(err, ErrAddress):
			t.Fatalf("%q: %q, %v", l, id, err)
		case err != nil:
			if again, err := ForeignID(mustLocalpart(t, id)); again != id || err != nil {
				t.Fatalf("%q: %q, then %q, %v", l, id, again, err)
			}
		}
	})
}

func mustLocalpart(t interface{ Fatalf(string, ...any) }, id string) string {
	l, err := Localpart(id)
	if err != nil {
		t.Fatalf("Localpart(%q): %v", id, err)
	}
	return l
}

func FuzzLocalpart(f *testing.F) {
	for _, s := range []string{
		"+12025550100", "@Bob:matrix.org", "#Räume & more:hs", "!AbC:hs", ` \20 `, `\5c5C\=a\_20`, "\x00\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		l, err := Localpart(id)
		if err != nil {
			if id != "" && len(id) <= 255 {
				t.Fatalf("no address for %q: %v", id, err)
			}
			return
		}
		if l == "" || len(l) > MaxLocalpart || l != strings.ToLower(l) || strings.ContainsFunc(l, refused) ||
			strings.HasPrefix(l, `\20`) || strings.HasSuffix(l, `\20`) && !strings.HasSuffix(l, `\5c20`) {
			t.Fatalf("%q: %q", id, l)
		}
		if back, err := ForeignID(l); back != id || err != nil {
			t.Fatalf("%q: %q: %q, %v", id, l, back, err)
		}
	})
}

// refused tells whether a server might fold or refuse a character.
func refused(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"&'/:<>@`, r)
}

func FuzzForeignID(f *testing.F) {
	for _, s := range []string{"+12025550100", `\40bob\3amatrix.org`, `trail\20`, `o\27neil\26co`, `\5c\=\_`, "É", `\_4`, `\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, l string) {
		id, err := ForeignID(l)
		switch {
		case errors.Is(err, ErrAddress):
			return
		case err == nil && mustLocalpart(t, id) != l:
			t.Fatalf("%q: %q", l, id)
		}
		if canonical, err := Localpart(id); err == nil {
			if back, err := ForeignID(canonical); back != id || err != nil {
				t.Fatalf("%q: %q: %q, %v", l, id, back, err)
			}
		}
	})
}
