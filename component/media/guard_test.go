package media

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestIsPublic(t *testing.T) {
	for kind, list := range map[string]string{
		"this host":          "0.0.0.0 0.1.2.3 ::",
		"loopback":           "127.0.0.1 127.1.2.3 ::1",
		"private":            "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fdff::1 fec0::1",
		"link-local":         "169.254.0.1 169.254.169.254 fe80::1 fe80::1%eth0 2600::1%eth0",
		"carrier NAT":        "100.64.0.1 100.127.255.255",
		"protocols":          "192.0.0.1 192.0.0.170 192.88.99.1",
		"documentation":      "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1",
		"benchmarks":         "198.18.0.1 198.19.255.255 2001:2::1",
		"multicast":          "224.0.0.1 239.255.255.255 ff02::1 ff0e::1",
		"reserved":           "240.0.0.1 255.255.255.255 4000::1 8000::1 5f00::1",
		"IPv4-mapped":        "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254",
		"IPv4-compatible":    "::127.0.0.1 ::8.8.8.8",
		"IPv4-translated":    "::ffff:0:127.0.0.1",
		"NAT64":              "64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::1",
		"6to4":               "2002:7f00:1::1 2002:808:808::1",
		"Teredo":             "2001::1 2001:0:7f00:1::1",
		"ORCHID":             "2001:10::1 2001:20::1",
		"discard, by itself": "100::1",
	} {
		for _, s := range strings.Fields(list) {
			if isPublic(netip.MustParseAddr(s)) {
				t.Errorf("%s, %s, counts as public", s, kind)
			}
		}
	}
	for _, s := range strings.Fields("1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 " +
		"192.0.1.0 192.169.0.0 223.255.255.255 ::ffff:8.8.8.8 2001:200::1 2001:4860:4860::8888 2003::1 2600::1 2a00::1 3ffe::1") {
		if !isPublic(netip.MustParseAddr(s)) {
			t.Errorf("%s does not count as public", s)
		}
	}
}

func TestParsePlace(t *testing.T) {
	for text, c := range map[string]struct{ in, out string }{
		"127.0.0.1:5280":        {"127.0.0.1:5280", "127.0.0.1:5281 127.0.0.2:5280 [::1]:5280"},
		"[::1]:5280":            {"[::1]:5280", "[::1]:80 127.0.0.1:5280"},
		"10.1.2.3":              {"10.1.2.3:1 10.1.2.3:65535", "10.1.2.4:1"},
		"::1":                   {"[::1]:443", "[::2]:443"},
		"[::1]":                 {"[::1]:443", "[::2]:443"},
		"::ffff:10.1.2.3":       {"10.1.2.3:1", "10.1.2.4:1"},
		"[::ffff:10.1.2.3]:443": {"10.1.2.3:443", "10.1.2.3:80"},
		"10.0.0.0/8":            {"10.0.0.0:1 10.255.255.255:443", "11.0.0.0:443"},
		"10.1.2.3/8":            {"10.255.255.255:443", "11.0.0.0:443"},
		"fd00::/8":              {"[fd12::1]:443", "[fc00::1]:443"},
	} {
		p, err := ParsePlace(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		g := guard{places: []Place{p}}
		for i, list := range []string{c.out, c.in} {
			for _, a := range strings.Fields(list) {
				if g.permits(netip.MustParseAddrPort(a)) != (i == 1) {
					t.Errorf("%s permits %s: %t", text, a, i == 0)
				}
			}
		}
	}
	for _, text := range []string{"", "localhost:80", "10.0.0.1:0", "10.0.0.1:70000", "10.0.0.0/33", "fe80::1%eth0", "[fe80::1%eth0]:80", "::ffff:10.0.0.0/104", "10.0.0.1:http"} {
		if p, err := ParsePlace(text); err == nil {
			t.Errorf("%q is %+v", text, p)
		}
	}
}

// FuzzTarget: what is taken as the address of a file is HTTP, has a host and a
// port that can be, no password and no fragment, and is read the same again.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{
		"https://u.example/a%20b.jpg?x#k", "http://127.0.0.1:5280/", "https://[::1%25eth0]/", "https://a@b/", "aesgcm://u.example/x#00",
		"https:opaque", "https:///x", "https://u.example:/", "https://u.example:0/", "https://u.example:99999/", "HTTPS://U.EXAMPLE",
		"https://127.1/", "https://0x7f000001/", "//u.example/", "https://u.example\\@evil/", "https://ü.example/", "file:///etc/passwd",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := target(raw)
		if err != nil {
			return
		}
		if u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Port() == "0" {
			t.Errorf("%q is %#v", raw, u)
		}
		again, err := url.Parse(u.String())
		if err != nil || again.Host != u.Host || again.Scheme != u.Scheme || again.User != nil {
			t.Errorf("%q is %#v, then %#v (%v)", raw, u, again, err)
		}
	})
}
