package sms

import (
	"strings"

	"github.com/nyaruka/phonenumbers/v2"

	"causeway/bridges"
	"causeway/bridges/cache"
)

// plan is what is known of phone numbers, seen from one region. It is safe for
// concurrent use.
type plan struct {
	region  string // ISO 3166-1, upper case
	context string // the same in lower case, in ids

	countries countries

	known *cache.Cache[string, bridges.UserID] // answers of canonical; "" for none
}

// maxKnown bounds the memory of numbers that were looked at: a look takes some
// 15 µs.
const maxKnown = 8192

func newPlan(region string) *plan {
	return &plan{region: region, context: strings.ToLower(region), known: cache.New[string, bridges.UserID](maxKnown)}
}

// canonical returns the id of a number with a plus sign, when its country's
// plan has numbers of this length. Whether it is assigned does not matter: the
// network knows better than any table.
func (p *plan) canonical(number string) (bridges.UserID, bool) {
	id, ok := p.known.Get(number)
	if !ok {
		if isE164(number) {
			id, _ = p.parse(number, possible)
		}
		p.known.Set(strings.Clone(number), id) // it may be a piece of a large stanza
	}
	return id, id != ""
}

// test is what a number must be beyond its form.
type test func(*phonenumbers.PhoneNumber) bool

func possible(n *phonenumbers.PhoneNumber) bool {
	return phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE
}

func assigned(n *phonenumbers.PhoneNumber) bool { return possible(n) && phonenumbers.IsValidNumber(n) }

// national reads digits as they are dialled in the region.
func (p *plan) national(digits string, is test) (bridges.UserID, bool) { return p.parse(digits, is) }

// foreign reads digits that begin with a country code.
func (p *plan) foreign(digits string) (bridges.UserID, bool) {
	if !isE164("+" + digits) {
		return "", false
	}
	return p.parse("+"+digits, assigned)
}

// parse reads a number in the one way that resolves to itself. It gives the
// library ASCII digits, with a plus sign or without, and nothing else: that
// reads letters, extensions and more. In some plans the library drops zeros each
// time it reads a number; such a number has no canonical form.
func (p *plan) parse(digits string, is test) (bridges.UserID, bool) {
	n, err := phonenumbers.Parse(digits, p.region)
	if err != nil || n.GetExtension() != "" || !is(n) {
		return "", false
	}
	id := phonenumbers.Format(n, phonenumbers.E164)
	if !isE164(id) {
		return "", false
	}
	if id != digits {
		if again, ok := p.parse(id, possible); !ok || string(again) != id {
			return "", false
		}
	}
	return bridges.UserID(id), true
}

// knownRegion tells whether there is a numbering plan for a region.
func knownRegion(s string) bool { return phonenumbers.GetSupportedRegions()[s] }
