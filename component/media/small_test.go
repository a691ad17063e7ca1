package media

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"100MB": 100e6, "10MiB": 10 << 20, "10 MiB": 10 << 20, "1.5GB": 1.5e9, "5000000": 5e6, "1": 1, "2kB": 2000, "2KB": 2000,
		"2KiB": 2048, "1gib": 1 << 30, " 7 ": 7, "1024GiB": 1 << 40,
		"": 0, "0": 0, "MB": 0, "-1": 0, "-1MB": 0, "1e6": 0, "inf": 0, "NaN": 0, "0x10": 0, "1MB2": 0, "1 TB": 0, "1_000": 0, "1025GiB": 0, "1.2.3": 0,
	} {
		if n, err := ParseSize(text); n != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %d, %v", text, n, err)
		}
	}
}

func TestSizeText(t *testing.T) {
	for want, n := range map[string]int64{"100 MB": 100e6, "10 MiB": 10 << 20, "1500 MB": 15e8, "5000001 bytes": 5000001} {
		if got := sizeText(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
}

// xeps.md 0447.5, 0066.1: names without paths, and with an extension.
func TestFileName(t *testing.T) {
	for _, c := range []struct{ name, mediaType, want string }{
		{"a b.jpg", "image/png", "a b.jpg"},
		{"", "image/jpeg", "file.jpg"},
		{"", "", "file"},
		{"photo", "image/png", "photo.png"},
		{"photo", "application/x-strange", "photo"},
		{"../../etc/passwd", "", "passwd"},
		{`C:\Users\x\a.jpg`, "", "a.jpg"},
		{"/", "", "file"},
		{"..", "", "file"},
		{".htaccess", "", "htaccess"},
		{"a\r\nSet-Cookie: x", "", "aSet-Cookie: x"},
		{"invoice\u202egnp.exe", "", "invoicegnp.exe"},
		{"a\xffb", "", "a_b"},
		{"日本語.png", "", "日本語.png"},
		{strings.Repeat("é", 200) + ".jpeg", "", strings.Repeat("é", 61) + ".jpeg"},
		{strings.Repeat("x", 200), "image/gif", strings.Repeat("x", 124) + ".gif"},
		{"a." + strings.Repeat("x", 200), "", "a." + strings.Repeat("x", 126)},
	} {
		if got := FileName(c.name, c.mediaType); got != c.want {
			t.Errorf("%q of %s is %q, not %q", c.name, c.mediaType, got, c.want)
		}
	}
}

// FuzzFileName: a name is never a path, empty, long or not text, and a fixed
// point.
func FuzzFileName(f *testing.F) {
	f.Add("../a.jpg", "image/jpeg")
	f.Add(strings.Repeat("é", 100)+". x", "")
	f.Fuzz(func(t *testing.T, name, mediaType string) {
		got := FileName(name, mediaType)
		if got == "" || len(got) > maxName || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\\r\n\x00") || got[0] == '.' {
			t.Errorf("%q is %q", name, got)
		}
		if again := FileName(got, mediaType); again != got {
			t.Errorf("%q is %q, then %q", name, got, again)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "": 0, "0": 0, "-5": 0, "soon": 0, "65000": time.Hour, "99999999999": 0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:00:05 GMT": 0, "Fri, 02 Jan 2099 03:00:05 GMT": time.Hour,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q is %v", text, got)
		}
	}
}
