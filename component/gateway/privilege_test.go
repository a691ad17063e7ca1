package gateway

import (
	"strings"
	"testing"

	"causeway/component/xep/privilege"
)

const (
	permRoster  = `<perm access='roster' type='both'/>`
	permMessage = `<perm access='message' type='outgoing'/>`
)

// grants is what a server says at the start of a stream.
func grants(from, ns, inside string) string {
	return `<message from='` + from + `' to='sms.example.org'><privilege xmlns='` + ns + `'>` + inside + `</privilege></message>`
}

func TestRights(t *testing.T) {
	all := privilege.Rights{NS: privilege.NS, Roster: true, Message: true}
	for name, c := range map[string]struct {
		xml  string
		want privilege.Rights
	}{
		"0356.1 granted":                    {grants("example.org", privilege.NS, permRoster+permMessage), all},
		"0356.2 replaced":                   {grants("example.org", privilege.NS, permRoster+permMessage) + grants("example.org", privilege.NS, permMessage), privilege.Rights{NS: privilege.NS, Message: true}},
		"0356.4 the older namespace":        {grants("example.org", privilege.NS1, permRoster), privilege.Rights{NS: privilege.NS1, Roster: true}},
		"spoofing.3 by a user":              {grants("eve@example.org/x", privilege.NS, permRoster), privilege.Rights{}},
		"spoofing.3 by a user, bare":        {grants("eve@example.org", privilege.NS, permRoster), privilege.Rights{}},
		"spoofing.3 by a host with a tail":  {grants("example.org/x", privilege.NS, permRoster), privilege.Rights{}},
		"spoofing.3 by a host of no user":   {grants("elsewhere.example", privilege.NS, permRoster), privilege.Rights{}},
		"spoofing.3 by ourselves":           {grants(domain, privilege.NS, permRoster), privilege.Rights{}},
		"spoofing.3 to a contact":           {strings.Replace(grants("example.org", privilege.NS, permRoster), domain, phoneJID, 1), privilege.Rights{}},
		"spoofing.3 forwarded":              {`<message from='example.org' to='sms.example.org'><forwarded xmlns='urn:xmpp:forward:0'>` + grants("example.org", privilege.NS, permRoster) + `</forwarded></message>`, privilege.Rights{}},
		"0355.1 delegation grants nothing":  {`<message from='example.org' to='sms.example.org'><delegation xmlns='urn:xmpp:delegation:2'><delegated namespace='jabber:iq:roster'/></delegation></message>`, privilege.Rights{}},
		"a host of which one user may come": {grants("other.example", privilege.NS, permRoster), privilege.Rights{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.Send(c.xml)
			r.barrier(alice)
			if got := r.g.rights("example.org"); got != c.want {
				t.Errorf("%+v", got)
			}
			for _, host := range []string{domain, "elsewhere.example"} {
				if got := r.g.rights(host); got != (privilege.Rights{}) {
					t.Errorf("%s grants %+v", host, got)
				}
			}
		})
	}
}

// TestRightsEnd: a new stream grants nothing until the server says so again.
func TestRightsEnd(t *testing.T) {
	r := newRig(t)
	r.Send(grants("example.org", privilege.NS, permRoster) + grants("other.example", privilege.NS1, permMessage))
	r.barrier(alice)
	if !r.g.rights("example.org").Roster || !r.g.rights("other.example").Message {
		t.Fatal("0356.2: not both hosts are heard")
	}
	r.Conn.Close()
	r.Conn = r.srv.Accept()
	r.greeting()
	if got := r.g.rights("example.org"); got != (privilege.Rights{}) {
		t.Errorf("0356.2: after a disconnect %+v", got)
	}
}

// TestRightsOfAdopted: a stream that is taken over has the rights that its
// server has told the predecessor.
func TestRightsOfAdopted(t *testing.T) {
	r := newRelay(t)
	r.Send(grants("example.org", privilege.NS1, permRoster+permMessage))
	r.barrier(alice)
	r.handOver()
	r.greeting()
	r.barrier(alice)
	if got := r.g.rights("example.org"); got != (privilege.Rights{NS: privilege.NS1, Roster: true, Message: true}) {
		t.Errorf("0356.2: %+v", got)
	}
}

// TestManyHosts: what cannot be noted is not believed.
func TestManyHosts(t *testing.T) {
	r := newRelay(t)
	host := strings.Repeat("h", privilegesSize)
	if r.g.privileges.set(host, privilege.Rights{NS: privilege.NS, Roster: true}) || r.g.rights(host).Roster {
		t.Error("a host that cannot be noted is believed")
	}
	if !r.g.privileges.set("h", privilege.Rights{NS: privilege.NS, Roster: true}) {
		t.Error("there is no room for another")
	}
}

func FuzzDecodePrivileges(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x03\x00\x0bexample.org\x04\x00\x01h"))
	f.Add([]byte("\x01\xff\xffx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := decodePrivileges(b)
		again := decodePrivileges(encodePrivileges(m))
		if len(again) != len(m) {
			t.Fatalf("%v became %v", m, again)
		}
		for host, r := range m {
			if again[host] != r {
				t.Errorf("%q: %v became %v", host, r, again[host])
			}
		}
	})
}
