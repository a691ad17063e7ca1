package sms

import (
	"encoding/hex"
	"strings"

	"causeway/bridges"
	"causeway/bridges/sms/smpp"
)

// The ids of people on the network. A phone number is its E.164 form with the
// plus sign. What is no such number has a suffix as RFC 3966 writes local
// numbers, so that it can never be read as one:
//
//	12345;phone-context=us             a short code, or digits of the region
//	9990000;phone-context=international digits that no country's plan has
//	476f6f676c65;phone-context=alphanumeric  a name, as hexadecimal octets
const (
	phoneContext  = ";phone-context="
	international = "international"
	alphanumeric  = "alphanumeric"
	// anonymous is the name of a sender without an address.
	anonymous = "anonymous"
)

// Types of number and numbering plans (SMPP v3.4, sections 5.2.5 and 5.2.6).
const (
	tonUnknown       = 0
	tonInternational = 1
	tonNational      = 2
	tonAlphanumeric  = 5
	npiUnknown       = 0
	npiISDN          = 1
)

// maxDigits of an address field is 20 octets (SMPP v3.4, section 5.2.8); of an
// E.164 number 15 digits, of the shortest that we take 7.
const maxDigits, minE164, maxE164 = 20, 7, 15

// isE164 tells whether s is a plus sign, a digit above 0, and 6 to 14 more.
func isE164(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && isDigits(digits) && digits[0] != '0' && len(digits) >= minE164 && len(digits) <= maxE164
}

// isDigits tells whether s has ASCII digits only, and at least one.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// local is the id of digits that mean something only in a context.
func local(digits, in string) bridges.UserID { return bridges.UserID(digits + phoneContext + in) }

// named is the id of a sender that is no number.
func named(name string) bridges.UserID {
	if name == "" {
		return local(anonymous, alphanumeric)
	}
	return local(hex.EncodeToString([]byte(name)), alphanumeric)
}

// identify returns the id of an address as the network wrote it. Every address
// has one, and two of them the same only when they are the same number.
func (p *plan) identify(a smpp.Address) bridges.UserID {
	digits, plus := strings.CutPrefix(a.Addr, "+")
	if a.TON == tonAlphanumeric || !isDigits(digits) || len(digits) > maxDigits {
		return named(a.Addr)
	}
	if rest, ok := strings.CutPrefix(digits, "00"); ok {
		if id, ok := p.canonical("+" + rest); ok {
			return id
		}
	}
	if plus || a.TON == tonInternational {
		if id, ok := p.canonical("+" + digits); ok {
			return id
		}
		return local(digits, international)
	}
	if id, ok := p.guess(a.TON, digits); ok {
		return id
	}
	return local(digits, p.context)
}

// guess reads digits of which the network does not say for certain whether a
// country code is in them. What the region's plan assigns comes before what
// another's does.
func (p *plan) guess(ton byte, digits string) (bridges.UserID, bool) {
	if len(digits) < minE164 {
		return "", false
	}
	id, ok := p.national(digits, assigned)
	if !ok && ton == tonNational {
		id, ok = p.national(digits, possible)
	}
	if !ok {
		id, ok = p.foreign(digits)
	}
	if !ok {
		id, ok = p.national(digits, possible)
	}
	return id, ok
}

// destination returns how an id is written in SMPP: international numbers
// without the plus sign. False: nothing can be sent there.
func (p *plan) destination(id string) (smpp.Address, bool) {
	if isE164(id) {
		return smpp.Address{TON: tonInternational, NPI: npiISDN, Addr: id[1:]}, true
	}
	digits, in, ok := strings.Cut(id, phoneContext)
	switch {
	case !ok || !isDigits(digits) || len(digits) > maxDigits:
	case in == international:
		return smpp.Address{TON: tonInternational, NPI: npiISDN, Addr: digits}, true
	case in == p.context:
		return smpp.Address{TON: tonUnknown, NPI: npiUnknown, Addr: digits}, true
	}
	return smpp.Address{}, false
}

// isName tells whether an id is that of a sender to whom nobody can write.
func isName(id string) bool {
	octets, in, ok := strings.Cut(id, phoneContext)
	if !ok || in != alphanumeric {
		return false
	}
	_, err := hex.DecodeString(octets)
	return octets == anonymous || err == nil && octets != "" && octets == strings.ToLower(octets)
}
