package sms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"causeway/bridges"
)

// maxTyped bounds what is looked at of a typed address, in bytes.
const maxTyped = 64

// shortest and longest are the lengths of short codes, in digits.
const shortest, longest = 3, 6

// soprani is how the gateways of soprani.ca write short codes.
const soprani = phoneContext + "ca-us.phone-context.soprani.ca"

// resolve returns the id that a localpart is, or for what people write
// otherwise an error that names it.
func (p *plan) resolve(s string) (bridges.UserID, error) {
	if p.isID(s) {
		return bridges.UserID(s), nil
	}
	if id, ok := p.typed(s); ok {
		return "", &bridges.Error{
			Kind: bridges.Gone, Instead: id, Text: respelled(s, id),
		}
	}
	if first, _ := utf8.DecodeRuneInString(s); unicode.IsLetter(first) && !strings.Contains(s, phoneContext) {
		return "", because(errName, nil)
	}
	return "", because(errNobody, nil)
}

// respelled says why an address is not one as it was typed.
func respelled(typed string, id bridges.UserID) string {
	if isE164(string(id)) && !strings.Contains(typed, "+") {
		return "Numbers begin with + and the country code here."
	}
	return "This address is spelled another way."
}

// isID tells whether s is an id as identify makes it.
func (p *plan) isID(s string) bool {
	if a, ok := p.destination(s); ok {
		return string(p.identify(a)) == s
	}
	return isName(s)
}

// typed reads what people type: a number of the region or with 00, with
// spaces, brackets and the like, or a short code.
func (p *plan) typed(s string) (bridges.UserID, bool) {
	if len(s) > maxTyped {
		return "", false
	}
	s = strings.TrimSuffix(s, soprani)
	for _, scheme := range []string{"tel:", "sms:"} {
		s = strings.TrimPrefix(s, scheme)
	}
	digits, ok := bare(s)
	if !ok {
		return "", false
	}
	number, plus := strings.CutPrefix(digits, "+")
	if rest, ok := strings.CutPrefix(number, "00"); ok && !plus {
		number, plus = rest, true
	}
	switch {
	case !isDigits(number):
		return "", false
	case plus:
		return p.canonical("+" + number)
	case len(number) >= shortest && len(number) <= longest:
		return local(number, p.context), true
	}
	return p.national(number, possible)
}

// bare takes off what people put between digits, and makes digits of other
// scripts ASCII. False: there is something else.
func bare(s string) (string, bool) {
	var b strings.Builder
	for _, r := range s {
		d, is := digit(r)
		switch {
		case is:
			b.WriteByte(d)
		case r == '+' && b.Len() == 0:
			b.WriteByte('+')
		case strings.ContainsRune("-./()[]", r), unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r):
		default:
			return "", false
		}
	}
	return b.String(), true
}

// digit returns the ASCII digit for a decimal digit of any script: in Unicode's
// table each range is a multiple of ten, from zero to nine.
func digit(r rune) (byte, bool) {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10), true
		}
	}
	return 0, false
}
