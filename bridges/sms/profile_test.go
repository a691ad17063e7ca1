package sms

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"

	"causeway/bridges"
)

func TestProfile(t *testing.T) {
	b := newBridge(t, config("127.0.0.1:1"))
	for _, c := range []struct {
		name  string
		id    bridges.UserID
		want  bridges.Profile
		badge string
	}{
		{"of the region", "+12025550100", bridges.Profile{Name: "+1 202-555-0100", Tel: "+1 202-555-0100", Region: "United States", Kind: "Mobile or landline number"}, "US"},
		{"with the same calling code", "+14165550123", bridges.Profile{Name: "+1 416-555-0123", Tel: "+1 416-555-0123", Region: "Canada", Kind: "Mobile or landline number"}, "CA"},
		{"mobile", "+4915112345678", bridges.Profile{Name: "+49 1511 2345678", Tel: "+49 1511 2345678", Region: "Germany", Kind: "Mobile number"}, "DE"},
		{"landline", "+493012345678", bridges.Profile{Name: "+49 30 12345678", Tel: "+49 30 12345678", Region: "Germany", Kind: "Landline number"}, "DE"},
		{"the other country of +7", "+77012345678", bridges.Profile{Name: "+7 701 234 5678", Tel: "+7 701 234 5678", Region: "Kazakhstan", Kind: "Mobile number"}, "KZ"},
		{"of no country", "+881612345678", bridges.Profile{Name: "+881 6 123 45678", Tel: "+881 6 123 45678", Kind: "Mobile number"}, "#"},
		{"short code", "12345;phone-context=us", bridges.Profile{Name: "12345", Tel: "12345", Kind: "Short code"}, "#"},
		{"0106.11 a name", "476f6f676c65;phone-context=alphanumeric", bridges.Profile{Name: "Google", Kind: "Sender with a name"}, "G"},
		{"two words", "42696720626f79;phone-context=alphanumeric", bridges.Profile{Name: "Big boy", Kind: "Sender with a name"}, "BB"},
		{"0172.4 a name that turns round", "e280ae41;phone-context=alphanumeric", bridges.Profile{Name: "A", Kind: "Sender with a name"}, "A"},
		{"no text", "ff00;phone-context=alphanumeric", bridges.Profile{Name: "Unknown sender", Kind: "Sender with a name"}, "US"},
		{"nobody", "anonymous;phone-context=alphanumeric", bridges.Profile{Name: "Unknown sender", Kind: "Sender with a name"}, "US"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if b.NoReply(c.id) != (c.want.Kind == "Sender with a name") {
				t.Errorf("0506.1-2: %t", b.NoReply(c.id))
			}
			if p, err := b.Profile(t.Context(), alice, c.id); err != nil || !reflect.DeepEqual(p, c.want) {
				t.Errorf("%+v, %v", p, err)
			}
			for range 2 {
				if badge := b.Badge(c.id); badge != c.badge {
					t.Errorf("the badge is %q", badge)
				}
			}
		})
	}
	var e *bridges.Error
	if _, err := b.Profile(t.Context(), alice, "nobody"); !errors.As(err, &e) || e.Kind != bridges.Malformed {
		t.Errorf("of no address: %v", err)
	}
}

func TestSearch(t *testing.T) {
	b := newBridge(t, config("127.0.0.1:1"))
	for typed, want := range map[string]string{
		"+1 (202) 555-0100": "+12025550100 +1 202-555-0100", "(202) 555-0100": "+12025550100 +1 202-555-0100",
		"0049 151 12345678": "+4915112345678 +49 1511 2345678", "12345": "12345;phone-context=us 12345",
		"+12025550100": "+12025550100 +1 202-555-0100", "Bob": "", "": "", "1": "",
	} {
		found, err := b.Search(t.Context(), alice, map[string]string{"number": typed})
		got := ""
		for _, p := range found {
			got += string(p.ID) + " " + p.Name
		}
		if err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
}

// FuzzProfile wants text of every id that there can be, and none twice.
func FuzzProfile(f *testing.F) {
	f.Add("+12025550100")
	f.Add("e280ae41;phone-context=alphanumeric")
	f.Add("12345;phone-context=us")
	b, err := New(config("127.0.0.1:1"), slogDiscard, registry(), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id string) {
		p, err := b.Profile(context.Background(), alice, bridges.UserID(id))
		if err == nil && (p.Name == "" || !utf8.ValidString(p.Name+p.Tel+p.Region)) {
			t.Errorf("%q: %+v", id, p)
		}
		if badge := b.Badge(bridges.UserID(id)); badge == "" || !utf8.ValidString(badge) || utf8.RuneCountInString(badge) > 3 {
			t.Errorf("the badge of %q is %q", id, badge)
		}
	})
}
