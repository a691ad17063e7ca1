package media

import (
	"fmt"
	"net/netip"
	"strings"
)

// Place is an address, or a range of them, with one port or all.
type Place struct {
	Range netip.Prefix
	Port  uint16 // 0: all
}

// ParsePlace reads ADDRESS:PORT, an address or a range, such as
// 127.0.0.1:5280, [::1]:5280, 10.1.2.3 or 10.0.0.0/8.
func ParsePlace(text string) (Place, error) {
	if ap, err := netip.ParseAddrPort(text); err == nil && ap.Port() != 0 {
		return place(ap.Addr(), ap.Port())
	}
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return place(a, 0)
	}
	if r, err := netip.ParsePrefix(text); err == nil && !r.Addr().Is4In6() {
		return Place{Range: r.Masked()}, nil
	}
	return Place{}, fmt.Errorf("media: no ADDRESS:PORT, address or range")
}

func place(a netip.Addr, port uint16) (Place, error) {
	if a.Zone() != "" {
		return Place{}, fmt.Errorf("media: an address with a zone")
	}
	a = a.Unmap()
	return Place{netip.PrefixFrom(a, a.BitLen()), port}, nil
}

func (p Place) has(a netip.AddrPort) bool {
	return (p.Port == 0 || p.Port == a.Port()) && p.Range.Contains(a.Addr())
}
