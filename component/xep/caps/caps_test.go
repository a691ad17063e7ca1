package caps

import (
	"testing"

	"causeway/component/xep/disco"
)

func TestVer(t *testing.T) {
	for name, c := range map[string]struct {
		info disco.Info
		want string
	}{
		"0115.2 of the XEP": {disco.Info{
			Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Exodus 0.9.1"}},
			Features: []string{
				"http://jabber.org/protocol/muc", "http://jabber.org/protocol/caps",
				"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items",
			},
		}, "QgayPKawpkPSDYmwT/WM94uAlu0="},
		"0115.2 of a gateway": {disco.Info{
			Identities: []disco.Identity{{Category: "gateway", Type: "sms", Name: "SMS"}},
			Features: []string{
				"http://jabber.org/protocol/caps", "http://jabber.org/protocol/commands",
				"http://jabber.org/protocol/disco#info", "jabber:iq:gateway", "jabber:iq:register",
			},
		}, "5Ws3GAC6jP5ELaAu4b12APRefEA="},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Of("urn:x", c.info); got.Ver != c.want || got.Query() != "urn:x#"+c.want {
				t.Errorf("ver %q", got.Ver)
			}
		})
	}
}
