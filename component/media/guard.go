package media

import (
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"causeway/bridges"
)

// guard decides which addresses are connected to.
type guard struct {
	places []Place
	public bool // the internet, too
}

// control is for net.Dialer: it sees each address that is about to be
// connected to, when names are resolved, so that no answer of a name server can
// get around it.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err == nil && g.permits(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())) {
		return nil
	}
	return fault(reasonAddress, bridges.NotAllowed, "It is at an address from which this gateway may not take files.",
		"%s is refused; the key media.fetch_private could permit it", address)
}

func (g guard) permits(ap netip.AddrPort) bool {
	return g.public && isPublic(ap.Addr()) || slices.ContainsFunc(g.places, func(p Place) bool { return p.has(ap) })
}

// isPublic tells whether an address is one of the public internet: of IPv4 all
// but the special ones (the registry of RFC 6890), of IPv6 what is assigned to
// be global unicast, but no address there that carries one of IPv4.
func isPublic(a netip.Addr) bool {
	if a = a.Unmap(); a.Zone() != "" {
		return false
	}
	if a.Is6() && !global6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// global6 has no loopback, link-local, unique local, multicast, IPv4-mapped or
// NAT64 address in it.
var global6 = netip.MustParsePrefix("2000::/3")

var special = prefixes(
	"0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "+
		"192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4",
	// Teredo and its kin, documentation, 6to4, documentation.
	"2001::/23 2001:db8::/32 2002::/16 3fff::/20",
)

func prefixes(lists ...string) (all []netip.Prefix) {
	for _, l := range lists {
		for _, s := range strings.Fields(l) {
			all = append(all, netip.MustParsePrefix(s))
		}
	}
	return all
}
