package sms

import (
	"strconv"
	"sync/atomic"

	"github.com/nyaruka/phonenumbers/v2"
)

// countries has the country of each number by its first four digits, as far as
// somebody has asked. A badge is needed for every presence, and the tables take
// some 15 µs.
type countries [10_000]atomic.Pointer[string]

// country returns the ISO 3166-1 code of a number's country as its first four
// digits tell it: with +1 and +7 by the area code, else the main country of the
// calling code. No country: "#".
func (p *plan) country(number string) string {
	head := number[1:5]
	at, _ := strconv.Atoi(head) // isE164: there are digits
	c := p.countries[at].Load()
	if c == nil {
		code := countryOf(head)
		c = &code
		p.countries[at].Store(c)
	}
	return *c
}

// subscriber makes a whole number of an area code of a country with +1 or +7.
const subscriber = "2345678"

func countryOf(head string) string {
	if head[0] == '1' || head[0] == '7' {
		n, err := phonenumbers.Parse("+"+head+subscriber, "")
		if err != nil {
			return "#"
		}
		if code := phonenumbers.GetRegionCodeForNumber(n); isCountry(code) {
			return code
		}
	}
	for digits := 1; digits <= 3; digits++ {
		calling, _ := strconv.Atoi(head[:digits])
		if code := phonenumbers.GetRegionCodeForCountryCode(calling); isCountry(code) {
			return code
		}
	}
	return "#"
}

// isCountry tells a country's code from ZZ, which the tables have for none, and
// from 001, which they have for numbers of no country.
func isCountry(code string) bool { return len(code) == 2 && code != "ZZ" }
