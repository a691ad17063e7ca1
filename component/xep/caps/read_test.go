package caps

import (
	"slices"
	"strings"
	"testing"

	"causeway/component/stanza"
)

func parse(t testing.TB, kind, inside string) (*stanza.Stanza, error) {
	t.Helper()
	return stanza.Parse([]byte("<" + kind + ">" + inside + "</" + kind + ">"))
}

func TestFind(t *testing.T) {
	const ns = " xmlns='http://jabber.org/protocol/caps'"
	for name, c := range map[string]struct {
		xml        string
		want       Caps
		hashed, ok bool
	}{
		"none":                    {"<show>away</show>", Caps{}, false, false},
		"by hash":                 {"<c hash='sha-1' node='urn:n' ver='v='" + ns + "/>", Caps{"urn:n", "v="}, true, true},
		"of old":                  {"<c node='urn:n' ver='1.0' ext='a b'" + ns + "/>", Caps{"urn:n", "1.0"}, false, true},
		"another hash":            {"<c hash='md5' node='urn:n' ver='v='" + ns + "/>", Caps{"urn:n", "v="}, false, true},
		"nothing said":            {"<c hash='sha-1' node='urn:n'" + ns + "/>", Caps{}, false, false},
		"too long, by an enemy":   {"<c hash='sha-1' node='urn:n' ver='" + strings.Repeat("v", longestVer+1) + "'" + ns + "/>", Caps{}, false, false},
		"node too long, the same": {"<c hash='sha-1' node='" + strings.Repeat("n", longestNode+1) + "' ver='v'" + ns + "/>", Caps{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := parse(t, "presence", c.xml)
			if err != nil {
				t.Fatal(err)
			}
			if got, hashed, ok := Find(p); got != c.want || hashed != c.hashed || ok != c.ok {
				t.Errorf("%+v, %t, %t", got, hashed, ok)
			}
		})
	}
}

const (
	client   = "<identity category='client' type='pc' name='Exodus 0.9.1'/>"
	exodus   = "QgayPKawpkPSDYmwT/WM94uAlu0="
	features = "<feature var='http://jabber.org/protocol/muc'/><feature var='http://jabber.org/protocol/caps'/>" +
		"<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>"
	psi = "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/><identity xml:lang='el' category='client' name='\u03a8 0.11' type='pc'/>"
	// info is the form of the XEP's complex example.
	info = "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>" +
		"<field var='ip_version'><value>ipv4</value><value>ipv6</value></field><field var='os'><value>Mac</value></field>" +
		"<field var='os_version'><value>10.5.1</value></field><field var='software'><value>Psi</value></field>" +
		"<field var='software_version'><value>0.11</value></field></x>"
)

// TestRead: xeps.md 0115.2, and what XEP-0115 §5.4 says of bad answers.
func TestRead(t *testing.T) {
	for name, c := range map[string]struct{ xml, ver string }{
		"0115.2 of the XEP":                     {client + features, exodus},
		"0115.2 complex":                        {psi + features + info, "q07IKJEyjvHSyhy//CH0CxmKi8w="},
		"a form without a type":                 {client + features + strings.Replace(info, "hidden", "text-single", 1), exodus},
		"a feature twice":                       {client + features + "<feature var='http://jabber.org/protocol/muc'/>", ""},
		"an identity twice":                     {client + client + features, ""},
		"a form twice":                          {psi + features + info + info, ""},
		"no identity":                           {features, ""},
		"0115.2 an enemy joins features":        {client + "<feature var='http://jabber.org/protocol/caps&lt;http://jabber.org/protocol/disco#info'/>" + "<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>", ""},
		"0115.2 an enemy hides one in identity": {client + "<identity category='http:' xml:lang='jabber.org' name='protocol/caps'/>" + strings.Replace(features, "<feature var='http://jabber.org/protocol/caps'/>", "", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := parse(t, "iq", "<query xmlns='http://jabber.org/protocol/disco#info'>"+c.xml+"</query>")
			if err != nil {
				t.Fatal(err)
			}
			q, _ := s.Child("http://jabber.org/protocol/disco#info", "query")
			got, ver := Read(q)
			if ver != c.ver || !slices.Contains(got, "http://jabber.org/protocol/disco#items") {
				t.Errorf("ver %q, features %q", ver, got)
			}
		})
	}
}

// FuzzRead: what has a hash has features that cannot be read otherwise.
func FuzzRead(f *testing.F) {
	f.Add(client + features)
	f.Add(psi + features + info)
	f.Add("<identity category='a'/><x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value/></field></x>")
	f.Add("<feature/><feature var='&lt;'/>")
	f.Fuzz(func(t *testing.T, inside string) {
		s, err := parse(t, "iq", "<query xmlns='http://jabber.org/protocol/disco#info'>"+inside+"</query>")
		if err != nil {
			return
		}
		q, _ := s.Child("http://jabber.org/protocol/disco#info", "query")
		got, ver := Read(q)
		for _, x := range got {
			if x == "" || ver != "" && strings.Contains(x, "<") {
				t.Errorf("ver %q with the feature %q", ver, x)
			}
		}
		if ver != "" && len(ver) != 28 {
			t.Errorf("ver %q", ver)
		}
	})
}
