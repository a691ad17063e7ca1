package caps

import (
	"testing"

	"causeway/component/stanza"
	"causeway/component/xep/disco"
	"causeway/component/xep/form"
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
		"0115.2 with a form, as the complex example of the XEP without its languages": {disco.Info{
			Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Psi 0.11"}},
			Features: []string{
				"http://jabber.org/protocol/caps", "http://jabber.org/protocol/disco#info",
				"http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/muc",
			},
			Extensions: []form.Form{{FormType: "urn:xmpp:dataforms:softwareinfo", Fields: []form.Field{
				{Var: "os", Value: "Mac"},
				{Var: "ip_version", Values: []string{"ipv6", "ipv4"}},
				{Var: "software", Value: "Psi"},
			}}},
		}, "rUIh6LIjQD8g6KwLezHQ77Q4VF4="},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Of("urn:x", c.info); got.Ver != c.want || got.Query() != "urn:x#"+c.want {
				t.Errorf("ver %q", got.Ver)
			}
		})
	}
}

// TestVerOfForms: xeps.md 0115.2 with several forms, in whatever order (0128.1): what
// is announced is what Read, that hashes what others announce, makes of it.
func TestVerOfForms(t *testing.T) {
	one := form.Form{Type: "result", FormType: "urn:a", Fields: []form.Field{{Var: "n", Value: "20"}}}
	other := form.Form{Type: "result", FormType: "urn:b", Fields: []form.Field{{Var: "x", Values: []string{"2", "1"}}}}
	for name, forms := range map[string][]form.Form{"in order": {one, other}, "in another": {other, one}} {
		t.Run(name, func(t *testing.T) {
			i := disco.Info{
				Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Exodus 0.9.1"}},
				Features:   []string{disco.NSInfo, NS}, Extensions: forms,
			}
			var w stanza.Writer
			i.Append(&w, "")
			s, err := parse(t, "iq", string(w.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			q, _ := s.Child(disco.NSInfo, "query")
			if _, ver := Read(q); ver == "" || ver != Of("urn:x", i).Ver {
				t.Errorf("announced as %q, read as %q", Of("urn:x", i).Ver, ver)
			}
		})
	}
}
