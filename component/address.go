package component

import (
	"strings"
	"unicode/utf8"
)

// split cuts a JID into its parts (RFC 7622 §3.1), without checking them.
func split(jid string) (local, domain, resource string) {
	domain, resource, _ = strings.Cut(jid, "/")
	if l, d, ok := strings.Cut(domain, "@"); ok {
		local, domain = l, d
	}
	return local, domain, resource
}

// within tells whether a JID is at a domain: the domain part is equal.
func within(jid, domain string) bool {
	_, d, _ := split(jid)
	return strings.EqualFold(d, domain)
}

// sendable tells whether a JID may stand as from: an address that a server
// cannot read ends the stream for everybody (xeps.md 0114.12).
// Characters that the codec would drop count as well: without them it is
// another address.
func sendable(jid, domain string) bool {
	bare, resource, full := strings.Cut(jid, "/")
	local, d, named := strings.Cut(bare, "@")
	switch {
	case !writable(jid):
		return false
	case !named:
		d = bare
	case local == "" || len(local) > 1023 || strings.ContainsAny(local, forbidden):
		return false
	}
	if full && (resource == "" || len(resource) > 1023) {
		return false
	}
	return d == domain
}

// writable tells whether a JID can be written as it is.
func writable(jid string) bool {
	for i := range len(jid) {
		if c := jid[i]; c < ' ' || c >= 0x7f {
			return allWritable(jid)
		}
	}
	return jid != ""
}

func allWritable(jid string) bool {
	return jid != "" && utf8.ValidString(jid) && !strings.ContainsFunc(jid, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == 0xFFFE || r == 0xFFFF
	})
}

// forbidden has what RFC 7622 §3.3.1 excludes from a localpart, and the space.
const forbidden = ` "&':<>@`

// same compares two JIDs as servers do: only the resource keeps its case.
func same(a, b string) bool {
	if a == b {
		return true
	}
	x, xr, _ := strings.Cut(a, "/")
	y, yr, _ := strings.Cut(b, "/")
	return xr == yr && strings.EqualFold(x, y)
}
