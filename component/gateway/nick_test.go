package gateway

import (
	"strings"
	"testing"
	"unicode/utf8"

	"causeway/mapping"
)

func TestNames(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"as it is":                  {"Ann Lee 👩‍👧", "Ann Lee 👩‍👧"},
		"0172.4 spaces":             {" Ann\t\n  Lee\u2028", "Ann Lee"},
		"0172.4 control characters": {"A\x00n\x1bn\u0085", "Ann"},
		"0172.4 direction":          {"gpj.\u202eexe\u2066x\u200f", "gpj.exex"},
		"0172.4 no UTF-8":           {"A\xffnn", "Ann"},
		"0172.4 too long":           {strings.Repeat("ä", 10_000), strings.Repeat("ä", 100)},
		"0172.4 cut before a word":  {strings.Repeat("a", 99) + " Lee", strings.Repeat("a", 99)},
		"0172.4 never empty":        {"\u202e\x01 ", phone},
		"0172.4 no name, so the id": {"", phone},
	} {
		t.Run(name, func(t *testing.T) {
			if got := nameOf(mapping.Contact{ID: phone, Name: c.in}); got != c.want {
				t.Errorf("%q", got)
			}
		})
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("Ann\u202e\x00 Lee")
	f.Add(strings.Repeat("a ", 300))
	f.Fuzz(func(t *testing.T, name string) {
		got := cleanName(name)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > longestName || cleanName(got) != got {
			t.Errorf("%q became %q", name, got)
		}
	})
}
