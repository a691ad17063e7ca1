package media

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
)

var sealed = claim{account: alice, id: "mxc://hs/ü", until: time.Unix(1_800_000_000, 0)}

func TestToken(t *testing.T) {
	k := NewKey("secret")
	token := k.token(domain, "a.jpg", sealed)
	c, err := k.open(domain, "a.jpg", token)
	if err != nil || c != sealed {
		t.Fatalf("%+v, %v", c, err)
	}
	if k.token(domain, "a.jpg", sealed) != token {
		t.Error("not the same for the same file")
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || strings.Contains(string(raw), "alice") || strings.Contains(string(raw), "mxc") {
		t.Errorf("it tells what it is for: %q, %v", raw, err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); s != "<key> <key> <key> <key>" {
		t.Errorf("the key prints: %s", s)
	}
}

// A token that is changed anywhere, cut, or used elsewhere opens nothing.
func TestForgedTokens(t *testing.T) {
	k := NewKey("secret")
	token := k.token(domain, "a.jpg", sealed)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	no := func(what string, k Key, domain, name, token string) {
		if c, err := k.open(domain, name, token); err == nil {
			t.Errorf("%s opens %+v", what, c)
		}
	}
	for i := range raw {
		bad := append([]byte(nil), raw...)
		bad[i] ^= 1
		no(fmt.Sprintf("bit of byte %d", i), k, domain, "a.jpg", base64.RawURLEncoding.EncodeToString(bad))
		no(fmt.Sprintf("cut at byte %d", i), k, domain, "a.jpg", base64.RawURLEncoding.EncodeToString(raw[:i]))
	}
	no("another domain", k, "sms.example.org", "a.jpg", token)
	no("another name", k, domain, "a.html", token)
	no("the border moved", k, domain+"\x00a", ".jpg", token)
	no("another secret", NewKey("secret2"), domain, "a.jpg", token)
	no("padding", k, domain, "a.jpg", token+"=")
	no("a newline", k, domain, "a.jpg", token[:4]+"\n"+token[4:])
	no("too long", k, domain, "a.jpg", strings.Repeat("A", maxToken+1))
	no("empty", k, domain, "a.jpg", "")
}

// FuzzToken: nobody makes a token without the key, and what is in one is read
// without harm.
func FuzzToken(f *testing.F) {
	k := NewKey("secret")
	token := k.token(domain, "a.jpg", sealed)
	f.Add(token[:len(token)-1], []byte{tokenVersion, 1, 2, 'a', '@', 'b'})
	f.Add(strings.Repeat("A", 64), []byte{tokenVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 200})
	f.Add("", []byte{2})
	f.Fuzz(func(t *testing.T, forged string, inside []byte) {
		if c, err := k.open(domain, "a.jpg", forged); err == nil && forged != token {
			t.Errorf("%q opens %+v", forged, c)
		}
		if c, err := parseClaim(inside); err == nil {
			again := k.token(domain, "n", c)
			if got, err := k.open(domain, "n", again); err != nil && len(again) <= maxToken || err == nil && got != c {
				t.Errorf("%+v is %+v, %v", c, got, err)
			}
		}
	})
}

func TestLink(t *testing.T) {
	s, err := New(Config{MaxSize: 1, PublicURL: "https://c.example/x/", Keys: map[string]Key{domain: NewKey("s"), "ü.example": NewKey("s")}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f := bridges.File{ID: "1", Name: "a b.jpg"}
	link, ok := s.Link("ü.example", alice, f, time.Now())
	if !ok || !strings.HasPrefix(link, "https://c.example/x/media/%C3%BC.example/") || !strings.HasSuffix(link, "/a%20b.jpg") {
		t.Errorf("0066.1: %q", link)
	}
	if strings.ContainsAny(link, " #\n") {
		t.Errorf("0066.1: %q", link)
	}
	if _, ok := s.Link("sms.example.org", alice, f, time.Now()); ok {
		t.Error("a link of a domain that has no key")
	}
	f.ID = strings.Repeat("x", maxToken)
	if _, ok := s.Link(domain, alice, f, time.Now()); ok {
		t.Error("a link that Handler does not read")
	}
	private, err := New(Config{MaxSize: 1, Keys: map[string]Key{domain: NewKey("s")}})
	if err != nil {
		t.Fatal(err)
	}
	defer private.Close()
	if _, ok := private.Link(domain, alice, bridges.File{ID: "1"}, time.Now()); ok {
		t.Error("a link without a public URL")
	}
}

func TestParsePublicURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://c.example": "https://c.example", "https://c.example/": "https://c.example", "http://127.0.0.1:9470": "http://127.0.0.1:9470",
		"https://c.example/a/b/": "https://c.example/a/b", "https://c.example?x": "", "https://c.example#x": "", "https://a:b@c.example": "",
		"ftp://c.example": "", "c.example": "", "https://": "", "https://c.example/%2F": "", "https://c.example?": "",
	} {
		u, err := ParsePublicURL(text)
		if (err == nil) != (want != "") || err == nil && u.String() != want {
			t.Errorf("%q is %v, %v", text, u, err)
		}
	}
	if u, err := ParsePublicURL(""); u != nil || err != nil {
		t.Errorf("nothing is %v, %v", u, err)
	}
}
