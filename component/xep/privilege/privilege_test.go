package privilege

import (
	"testing"

	"causeway/component/stanza"
)

// The advertisements of Prosody 0.12.3 and ejabberd 23.01.
const (
	prosody = `<message xmlns='jabber:component:accept' to='sms.localhost' from='localhost' id='x'>` +
		`<privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='both'/><perm access='message' type='outgoing'/>` +
		`<perm access='iq'><namespace ns='http://jabber.org/protocol/pubsub#owner' type='both'>` +
		`<namespace ns='http://jabber.org/protocol/pubsub' type='both'/></namespace></perm></privilege></message>`
	ejabberd = `<message xmlns='jabber:component:accept' to='sms.localhost' from='localhost'>` +
		`<privilege xmlns='urn:xmpp:privilege:1'><perm access='roster' type='both'/><perm access='message' type='outgoing'/>` +
		`<perm access='presence' type='roster'/></privilege></message>`
)

func TestFind(t *testing.T) {
	of := func(ns, inside string) string {
		return "<message from='h'><privilege xmlns='" + ns + "'>" + inside + "</privilege></message>"
	}
	for name, c := range map[string]struct {
		xml  string
		want Rights
		ok   bool
	}{
		"0356.1 Prosody":              {prosody, Rights{NS: NS, Roster: true, Message: true}, true},
		"0356.4 ejabberd":             {ejabberd, Rights{NS: NS1, Roster: true, Message: true}, true},
		"0356.1 none is no grant":     {of(NS, "<perm access='roster' type='none'/><perm access='message' type='none'/>"), Rights{NS: NS}, true},
		"reading alone is not enough": {of(NS, "<perm access='roster' type='get'/>"), Rights{NS: NS}, true},
		"inside an open element":      {of(NS, "<perm access='iq'><namespace><perm access='roster' type='both'/></namespace></perm>"), Rights{NS: NS, Roster: true}, true},
		"0356.17 slots":               {of(NS, "<perm access='iq'><namespace ns='urn:xmpp:http:upload:0' type='get'/></perm>"), Rights{NS: NS, Upload: true}, true},
		"slots cannot be set":         {of(NS, "<perm access='iq'><namespace ns='urn:xmpp:http:upload:0' type='set'/></perm>"), Rights{NS: NS}, true},
		"of another namespace":        {of(NS, "<perm xmlns='urn:x' access='roster' type='both'/>"), Rights{NS: NS}, true},
		"forwarded":                   {"<message><forwarded xmlns='urn:xmpp:forward:0'><privilege xmlns='" + NS + "'><perm access='roster' type='both'/></privilege></forwarded></message>", Rights{}, false},
		"no advertisement":            {"<message><body>x</body></message>", Rights{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stanza.Parse([]byte(c.xml))
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := Find(s); got != c.want || ok != c.ok {
				t.Errorf("%+v, %v", got, ok)
			}
		})
	}
}

// FuzzFind: whatever comes, nothing is granted under an unknown namespace.
func FuzzFind(f *testing.F) {
	f.Add(prosody)
	f.Add(ejabberd)
	f.Fuzz(func(t *testing.T, xml string) {
		s, err := stanza.Parse([]byte(xml))
		if err != nil {
			return
		}
		if r, ok := Find(s); ok != (r.NS != "") || !ok && (r.Roster || r.Message || r.Upload) {
			t.Errorf("%+v, %v", r, ok)
		}
	})
}
