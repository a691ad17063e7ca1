package sms

import (
	"context"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"causeway/bridges"
)

// Badge implements bridges.Profiler: the country of a number, the initials of a
// name, or a number sign for other digits.
func (b *Bridge) Badge(id bridges.UserID) string {
	switch {
	case isE164(string(id)):
		return b.plan.country(string(id))
	case isName(string(id)):
		return initials(nameOf(string(id)))
	}
	return "#"
}

// Profile implements bridges.Profiler. All that is known of a number is in the
// tables of its country: the network is not asked.
func (b *Bridge) Profile(_ context.Context, _ bridges.AccountID, id bridges.UserID) (bridges.Profile, error) {
	switch s := string(id); {
	case isE164(s) && b.plan.isID(s):
		return b.plan.profile(s), nil
	case isName(s):
		return bridges.Profile{Name: nameOf(s), Kind: "Sender with a name"}, nil
	case b.plan.isID(s):
		digits, _, _ := strings.Cut(s, phoneContext)
		return bridges.Profile{Name: digits, Tel: digits, Kind: "Short code"}, nil
	}
	return bridges.Profile{}, because(errNobody, nil)
}

// NoReply implements bridges.OneWay: of a name nobody knows the number.
func (b *Bridge) NoReply(id bridges.UserID) bool { return isName(string(id)) }

// profile tells what the tables say of an E.164 number.
func (p *plan) profile(number string) bridges.Profile {
	n, err := phonenumbers.Parse(number, p.region)
	if err != nil {
		return bridges.Profile{Name: number, Tel: number}
	}
	tel := phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
	return bridges.Profile{
		Name: tel, Tel: tel,
		Region: regionName(phonenumbers.GetRegionCodeForNumber(n)),
		Kind:   kinds[phonenumbers.GetNumberType(n)],
	}
}

// kinds are words for what a number is. Of an unknown one there is nothing to say.
var kinds = map[phonenumbers.PhoneNumberType]string{
	phonenumbers.FIXED_LINE:           "Landline number",
	phonenumbers.MOBILE:               "Mobile number",
	phonenumbers.FIXED_LINE_OR_MOBILE: "Mobile or landline number",
	phonenumbers.TOLL_FREE:            "Toll-free number",
	phonenumbers.PREMIUM_RATE:         "Premium-rate number",
	phonenumbers.SHARED_COST:          "Shared-cost number",
	phonenumbers.VOIP:                 "Internet telephony number",
	phonenumbers.PERSONAL_NUMBER:      "Personal number",
	phonenumbers.PAGER:                "Pager",
	phonenumbers.UAN:                  "Company number",
	phonenumbers.VOICEMAIL:            "Voicemail number",
}

// regionName returns the English name of an ISO 3166-1 code; "" when it is none,
// as 001, which stands for numbers of no country.
func regionName(code string) string {
	r, err := language.ParseRegion(code)
	if err != nil || !r.IsCountry() {
		return ""
	}
	return display.English.Regions().Name(r)
}

// nameOf returns the name of a sender that is no number, without what could
// deceive: controls and marks of direction. An id that says no name has the
// word for it.
func nameOf(id string) string {
	octets, _, _ := strings.Cut(id, phoneContext)
	raw, err := hex.DecodeString(octets)
	if err != nil {
		return "Unknown sender"
	}
	name := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(raw))
	if name = strings.TrimSpace(name); name == "" {
		return "Unknown sender"
	}
	return name
}

// initials returns the first letters or digits of the first two words.
func initials(name string) string {
	var s []rune
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if r, _ := utf8.DecodeRuneInString(word); len(s) < 2 {
			s = append(s, unicode.ToUpper(r))
		}
	}
	if len(s) == 0 {
		return "?"
	}
	return string(s)
}
