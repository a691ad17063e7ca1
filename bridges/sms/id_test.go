package sms

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
)

func TestResolve(t *testing.T) {
	p := newPlan("US")
	for _, c := range []struct {
		name, typed string
		want        string // an id, "-> id" for Gone, or "" for Malformed
	}{
		{"E.164", "+12025550100", "+12025550100"},
		{"possible, not valid", "+15551234567", "+15551234567"},
		{"national", "2025550100", "-> +12025550100"},
		{"national with country code", "12025550100", "-> +12025550100"},
		{"brackets and spaces", "(202) 555-0100", "-> +12025550100"},
		{"plus and spaces", "+1 202.555/0100", "-> +12025550100"},
		{"00", "0044 7700 900123", "-> +447700900123"},
		{"exit code of the region", "011447700900123", "-> +447700900123"},
		{"tel:", "tel:+12025550100", "-> +12025550100"},
		{"sms:", "sms:2025550100", "-> +12025550100"},
		{"trunk prefix behind the country code", "+4407700900123", "-> +447700900123"},
		{"digits of another script", "+٩٧١٥٠١٢٣٤٥٦٧", "-> +971501234567"},
		{"no-break space", "202\u00a05550100", "-> +12025550100"},
		{"left-to-right mark", "\u200e+12025550100", "-> +12025550100"},
		{"short code", "12345", "-> 12345;phone-context=us"},
		{"short code in full", "12345;phone-context=us", "12345;phone-context=us"},
		{"short code of soprani.ca", "33733;phone-context=ca-us.phone-context.soprani.ca", "-> 33733;phone-context=us"},
		{"short code of another region", "12345;phone-context=de", ""},
		{"a number written as a short code", "12025550100;phone-context=us", ""},
		{"name", "476f6f676c65;phone-context=alphanumeric", "476f6f676c65;phone-context=alphanumeric"},
		{"name in upper case", "476F;phone-context=alphanumeric", ""},
		{"half an octet", "476;phone-context=alphanumeric", ""},
		{"nobody", "anonymous;phone-context=alphanumeric", "anonymous;phone-context=alphanumeric"},
		{"vanity", "+1416flowers", ""},
		{"extension", "+12025550100x5", ""},
		{"country code 0", "+012025550100", ""},
		{"too short for its country", "+1202555", ""},
		{"too long", "+1202555010012345", ""},
		{"word", "nobody", ""},
		{"two pluses", "++12025550100", ""},
		{"empty", "", ""},
		{"too long to look at", strings.Repeat("1", 2000), ""},
		{"not UTF-8", "\xff\x00", ""},
	} {
		t.Run(c.name, func(t *testing.T) { checkResolve(t, p, c.typed, c.want) })
	}
}

func checkResolve(t *testing.T, p *plan, typed, want string) {
	id, err := p.resolve(typed)
	var e *bridges.Error
	got := string(id)
	switch {
	case err == nil:
	case !errors.As(err, &e) || e.Text == "":
		t.Fatalf("error %v", err)
	case e.Kind == bridges.Gone:
		got = "-> " + string(e.Instead)
		if again, err := p.resolve(string(e.Instead)); err != nil || again != e.Instead {
			t.Errorf("%q was redirected to %q, which gives %q, %v", typed, e.Instead, again, err)
		}
	case e.Kind != bridges.Malformed:
		t.Errorf("kind %d", e.Kind)
	}
	if got != want {
		t.Errorf("%q gives %q, want %q", typed, got, want)
	}
}

// Who spells an address another way is told what is wrong with it, and no more.
func TestResolveSays(t *testing.T) {
	for typed, code := range map[string]bool{
		"2025550100": true, "12025550100": true, "0044 7700 900123": true, "sms:2025550100": true,
		"+1 202.555/0100": false, "tel:+12025550100": false, "+4407700900123": false, "12345": false,
	} {
		_, err := newPlan("US").resolve(typed)
		var e *bridges.Error
		if !errors.As(err, &e) || e.Kind != bridges.Gone || strings.Contains(e.Text, "country code") != code || e.Text == "" {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

// Who writes to a sender by its name is told that nobody can.
func TestResolveName(t *testing.T) {
	for typed, names := range map[string]bool{
		"google": true, "a b": true, "öbb": true, "+1416flowers": false, "2025550100x5": false, "476F;phone-context=alphanumeric": false,
		"\xff": false, "": false, "12345;phone-context=de": false,
	} {
		_, err := newPlan("US").resolve(typed)
		var e *bridges.Error
		if !errors.As(err, &e) || strings.Contains(e.Text, "only a name") != names || !strings.Contains(e.Text, "no phone number") {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestIdentify(t *testing.T) {
	us, gb := newPlan("US"), newPlan("GB")
	for _, c := range []struct {
		name string
		plan *plan
		ton  byte
		addr string
		want bridges.UserID
	}{
		{"international", us, 1, "12025550100", "+12025550100"},
		{"international with a plus sign", us, 1, "+12025550100", "+12025550100"},
		{"unknown with a plus sign", us, 0, "+12025550100", "+12025550100"},
		{"unknown with 00", us, 0, "0012025550100", "+12025550100"},
		{"international with 00", us, 1, "0012025550100", "+12025550100"},
		{"unknown with the country code", us, 0, "12025550100", "+12025550100"},
		{"unknown, national", us, 0, "2025550100", "+12025550100"},
		{"national with the trunk prefix", gb, 2, "07700900123", "+447700900123"},
		{"unknown, of another country", gb, 0, "12025550100", "+12025550100"},
		{"short code", us, 0, "12345", "12345;phone-context=us"},
		{"short code, network specific", us, 3, "12345", "12345;phone-context=us"},
		{"short code, called international", us, 1, "12345", "12345;phone-context=international"},
		{"impossible international", us, 1, "9990000000", "9990000000;phone-context=international"},
		{"alphanumeric", us, 5, "Google", "476f6f676c65;phone-context=alphanumeric"},
		{"alphanumeric, called unknown", us, 0, "Google", "476f6f676c65;phone-context=alphanumeric"},
		{"alphanumeric of digits", us, 5, "12345", "3132333435;phone-context=alphanumeric"},
		{"case counts", us, 5, "GOOGLE", "474f4f474c45;phone-context=alphanumeric"},
		{"a space counts", us, 5, "A B", "412042;phone-context=alphanumeric"},
		{"no address", us, 0, "", "anonymous;phone-context=alphanumeric"},
		{"star code", us, 0, "*100#", "2a31303023;phone-context=alphanumeric"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.plan.identify(smpp.Address{TON: c.ton, Addr: c.addr}); got != c.want {
				t.Errorf("%d %q is %q, want %q", c.ton, c.addr, got, c.want)
			}
		})
	}
}

// Whatever comes has an id that is an address here, and an answer to a number
// goes to the same number.
func TestEveryAddressHasAnID(t *testing.T) {
	p := newPlan("US")
	digits := rapid.StringMatching(`\+?[0-9]{0,21}`)
	rapid.Check(t, func(t *rapid.T) {
		a := smpp.Address{
			TON:  rapid.ByteRange(0, 7).Draw(t, "ton"),
			Addr: rapid.OneOf(digits, rapid.StringN(0, 21, 21)).Draw(t, "addr"),
		}
		id := p.identify(a)
		if again, err := p.resolve(string(id)); err != nil || again != id {
			t.Fatalf("%+v is %q, which resolves to %q, %v", a, id, again, err)
		}
		to, ok := p.destination(string(id))
		if ok == isName(string(id)) {
			t.Fatalf("%q: destination %v, name %v", id, ok, isName(string(id)))
		}
		if ok && p.identify(to) != id {
			t.Fatalf("%+v is %q, written to as %+v, which is %q", a, id, to, p.identify(to))
		}
	})
}

// Two senders that are no numbers have two ids.
func TestNamesAreInjective(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringN(0, 11, 20)
		a, b := s.Draw(t, "a"), s.Draw(t, "b")
		if (named(a) == named(b)) != (a == b) {
			t.Fatalf("%q is %q, %q is %q", a, named(a), b, named(b))
		}
	})
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"+12025550100", "(202) 555-0100", "12345;phone-context=us", "tel:1;phone-context=x", "٣"} {
		f.Add(s)
	}
	p := newPlan("US")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := p.resolve(s)
		var e *bridges.Error
		if errors.As(err, &e) && e.Kind == bridges.Gone {
			id, err = p.resolve(string(e.Instead))
		}
		if err == nil && id == "" || err != nil && bridges.KindOf(err) != bridges.Malformed {
			t.Errorf("%q gives %q, %v", s, id, err)
		}
		if err == nil && strings.HasPrefix(string(id), "+") != isE164(string(id)) {
			t.Errorf("%q gives %q", s, id)
		}
	})
}
