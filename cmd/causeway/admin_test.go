package main_test

import (
	"strings"
	"testing"

	"causeway/cmd/lab"
	"causeway/cmd/lab/peer"
)

const nsAdmin = "http://jabber.org/protocol/admin"

// administers runs a command, and fills in its field if it has one.
func (u *user) administers(node, field, value string) peer.Event {
	u.t.Helper()
	command := "<command xmlns='http://jabber.org/protocol/commands' node='" + node + "'"
	e := u.iq("set", domain, command+"/>")
	if e.Type == "error" || field == "" {
		return e
	}
	_, session, _ := strings.Cut(e.XML, `sessionid="`)
	session, _, _ = strings.Cut(session, `"`)
	return u.iq("set", domain, command+" sessionid='"+session+"'><x xmlns='jabber:x:data' type='submit'><field var='"+field+
		"'><value>"+value+"</value></field></x></command>")
}

// TestAdministrator has carol, who is not registered, administer, and bob try
// to (xeps.md 0133.1, .3-5).
func TestAdministrator(t *testing.T) {
	each(t, func(t *testing.T, server string) {
		r := &rig{t: t, server: lab.Servers[server](t, peer.Options{}), centre: lab.StartCentre(t, peer.Node, peer.Secret)}
		r.gateway = newGateway(t, settings{
			Server: r.server.Component, Centre: r.centre.Address, Extra: "admins: [carol@localhost]\n",
		})
		r.gateway.start()
		alice, bob, carol := r.settled(t, "alice"), r.settled(t, "bob"), r.login(t, "carol")
		for node, want := range map[string]string{
			nsAdmin + "#get-registered-users-num":  "2 users are registered, 2 online",
			nsAdmin + "#get-registered-users-list": "alice@localhost: +" + alice.number + ", online",
			"urn:causeway:admin#quarantine":        "Nothing was put away.",
			"urn:causeway:admin#reload":            "The configuration is reloaded.",
			"urn:causeway:admin#errors":            "",
			nsAdmin + "#announce":                  "",
			nsAdmin + "#delete-user":               "",
		} {
			if e := bob.administers(node, "", ""); e.Condition != "forbidden" {
				t.Errorf("0133.3: %s of a user: %+v", node, e)
			}
			if want == "" {
				continue
			}
			if e := carol.administers(node, "", ""); !strings.Contains(e.XML, want) {
				t.Errorf("%s: %s", node, e.XML)
			}
		}
		if e := carol.administers(nsAdmin+"#announce", "announcement", "we move</value><value>on Friday"); !strings.Contains(e.XML, "2 users") {
			t.Errorf("0133.4: %s", e.XML)
		}
		for _, u := range []*user{alice, bob} {
			u.Wait("0133.4: the announcement", message(domain, "we move\non Friday"))
		}
		carol.ends(t, r, bob)
		alice.Send(contact, "after", "alice goes on")
		if sent := r.centre.Next("submit"); sent.From != alice.number {
			t.Errorf("the network got %+v", sent)
		}
	})
}

// ends unregisters another.
func (u *user) ends(t *testing.T, r *rig, victim *user) {
	t.Helper()
	if e := u.administers(nsAdmin+"#delete-user", "accountjids", "bob@localhost"); !strings.Contains(e.XML, "no longer registered") {
		t.Errorf("delete-user: %s", e.XML)
	}
	victim.Wait("0100.15: unsubscribe", presence(domain, "unsubscribe"))
	if s := r.gateway.status(); s.Accounts != 1 {
		t.Errorf("%d accounts", s.Accounts)
	}
	victim.Send(contact, "late", "from bob")
	if e := victim.Wait("the refusal", failure("late")); e.Condition != "registration-required" {
		t.Errorf("%+v", e)
	}
}
