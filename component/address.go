package component

import "strings"

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
func sendable(jid, domain string) bool {
	bare, resource, full := strings.Cut(jid, "/")
	local, d, named := strings.Cut(bare, "@")
	switch {
	case !named:
		local, d = "", bare
	case local == "" || len(local) > 1023 || strings.ContainsFunc(local, forbidden):
		return false
	}
	if full && (resource == "" || len(resource) > 1023) {
		return false
	}
	return d == domain
}

// forbidden has what RFC 7622 §3.3.1 and spaces exclude from a localpart.
func forbidden(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`"&':<>@`, r)
}

// same compares two JIDs as servers do: only the resource keeps its case.
func same(a, b string) bool {
	if a == b {
		return true
	}
	x, xr, _ := strings.Cut(a, "/")
	y, yr, _ := strings.Cut(b, "/")
	return xr == yr && strings.EqualFold(x, y)
}
