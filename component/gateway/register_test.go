package gateway

import (
	"context"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/bridges/bridgetest"
	"causeway/mapping"
)

const bob = "bob@example.org"

func fromBob(typ, id, payload string) string {
	return `<iq type='` + typ + `' id='` + id + `' from='bob@example.org/x' to='sms.example.org'>` + payload + `</iq>`
}

func toBob(typ, id, payload string) string {
	return `<iq type='` + typ + `' id='` + id + `' from='sms.example.org' to='bob@example.org/x'>` + payload + `</iq>`
}

func iqError(id, typ, condition string) string {
	return toBob("error", id, `<error type='`+typ+`'><`+condition+` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><any/></error>`)
}

const registerQuery = `<query xmlns='jabber:iq:register'/>`

// welcomed is what a new user gets after the answer to the registration.
func (r *rig) welcomed(user string) {
	r.t.Helper()
	r.Receive(`<presence type='subscribe' from='sms.example.org' to='` + user + `'/>`)
	r.Receive(`<presence from='sms.example.org' to='` + user + `'><status>*</status>` + anyCaps + `</presence>`)
	n := r.Receive(`<message type='chat' from='sms.example.org' to='` + user + `'><body>$welcome</body><mentions xmlns='urn:xmpp:mmn:0'/></message>`)
	body := n.Children[0].Text
	if !strings.Contains(body, number) || !strings.Contains(body, "encryption") {
		r.t.Errorf("0384.7: the welcome is %q", body)
	}
}

func withPassword() bridges.Info {
	i := bridgetest.SMS()
	i.Fields = []bridges.Field{
		{Name: "username", Label: "User name", Required: true},
		{Name: "password", Label: "Password", Required: true, Kind: bridges.Secret},
	}
	return i
}

func TestRegisterByIQ(t *testing.T) {
	r := start(t, newMemStore(), bridgetest.SMS())
	r.Send(fromBob("get", "r1", registerQuery))
	r.Receive(toBob("result", "r1", `<query xmlns='jabber:iq:register'><instructions>*</instructions></query>`)) // 0100.3
	r.Send(fromBob("set", "r2", registerQuery))
	r.Receive(toBob("result", "r2", "")) // 0100.4
	r.welcomed(bob)                      // 0100.7
	r.Send(`<presence type='subscribed' from='bob@example.org' to='sms.example.org'/>`)
	r.Send(`<presence type='subscribe' from='bob@example.org' to='sms.example.org'/>`)
	r.Receive(`<presence type='subscribed' from='sms.example.org' to='bob@example.org'/>`) // 0100.9
	r.Receive(`<presence from='sms.example.org' to='bob@example.org'><status>*</status>` + anyCaps + `</presence>`)
	r.barrier(bob)
	c, ok, _ := r.store.Contact(t.Context(), domain, bob, "")
	if !ok || c.Subscription != mapping.SeenByUs|mapping.SeesContact { // 0100.8
		t.Errorf("subscription with the gateway: %v, %v", c.Subscription, ok)
	}
	r.Send(strings.ReplaceAll(fromBob("get", "r3", registerQuery), "/x", "/other")) // 0100.11
	r.Receive(strings.ReplaceAll(toBob("result", "r3", `<query xmlns='jabber:iq:register'><registered/><instructions>*</instructions></query>`), "/x", "/other"))
}

func TestRegisterWithFields(t *testing.T) {
	r := start(t, newMemStore(), withPassword())
	form := func(user, password string) string {
		return `<query xmlns='jabber:iq:register'><username>` + user + `</username><password>` + password + `</password></query>`
	}
	t.Run("0077.2 form", func(t *testing.T) {
		r.Send(fromBob("get", "f", registerQuery))
		r.Receive(toBob("result", "f", `<query xmlns='jabber:iq:register'><instructions>*</instructions><username/><password/>`+
			`<x xmlns='jabber:x:data' type='form'><title>*</title><field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>`+
			`<field type='text-single' var='username' label='User name'><required/></field>`+
			`<field type='text-private' var='password' label='Password'><required/></field></x></query>`))
	})
	t.Run("0077.4 incomplete", func(t *testing.T) {
		r.Send(fromBob("set", "i", form("bob", "")))
		r.Receive(iqError("i", "modify", "not-acceptable"))
	})
	t.Run("0100.5 wrong password, nothing stored", func(t *testing.T) {
		r.Send(fromBob("set", "w", form("bob", "wrong")))
		r.Receive(iqError("w", "modify", "not-acceptable"))
		if _, ok, _ := r.store.Account(t.Context(), domain, bob); ok {
			t.Error("an account is stored")
		}
	})
	t.Run("0077.5 by form", func(t *testing.T) {
		r.Send(fromBob("set", "s", `<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>`+
			`<field var='username'><value>bob</value></field><field var='password'><value>right</value></field><field var='odd'/></x></query>`))
		r.Receive(toBob("result", "s", ""))
		r.welcomed(bob)
	})
	t.Run("0100.14 failed edit keeps the old", func(t *testing.T) {
		r.Send(fromBob("set", "e", form("bob", "wrong")))
		r.Receive(iqError("e", "modify", "not-acceptable"))
		if _, ok, _ := r.store.Account(t.Context(), domain, bob); !ok {
			t.Error("the account is gone")
		}
	})
	t.Run("0077.3, 0100.12 data on record, no secret", func(t *testing.T) {
		r.Send(fromBob("get", "g", registerQuery))
		n := r.Receive(toBob("result", "g", `<query xmlns='jabber:iq:register'><registered/><instructions>Connected as +12025550199.</instructions><username>bob</username><password/>`+
			`<x xmlns='jabber:x:data' type='form'><any/></x></query>`))
		if strings.Contains(n.String(), "right") {
			t.Errorf("the password is in %s", n)
		}
	})
	t.Run("0100.13 changed, the settings stay", func(t *testing.T) {
		acc, _, _ := r.store.Account(t.Context(), domain, bob)
		acc.Settings["own"] = "x"
		if err := r.store.Commit(t.Context(), &mapping.Batch{PutAccounts: []mapping.Account{acc}}); err != nil {
			t.Fatal(err)
		}
		r.g.accounts.forget(bob)
		r.Send(fromBob("set", "c", form("robert", "right")))
		r.Receive(toBob("result", "c", ""))
		r.welcomed(bob)
		acc, _, _ = r.store.Account(t.Context(), domain, bob)
		if acc.Settings["own"] != "x" || acc.Settings["registration/username"] != "robert" || len(acc.Settings) != 2 {
			t.Errorf("settings %v", acc.Settings)
		}
	})
}

func TestRegisterRefused(t *testing.T) {
	r := start(t, newMemStore(), bridgetest.SMS())
	stranger := func(s string) string { return strings.ReplaceAll(s, "bob@example.org", "eve@elsewhere.example") }
	for _, typ := range []string{"get", "set"} { // 0077.7
		r.Send(stranger(fromBob(typ, "n", registerQuery)))
		r.Receive(stranger(iqError("n", "cancel", "not-allowed")))
	}
	r.Send(fromBob("set", "rm", `<query xmlns='jabber:iq:register'><remove/></query>`)) // 0077.6
	r.Receive(iqError("rm", "auth", "registration-required"))
	r.Send(fromBob("set", "rb", `<query xmlns='jabber:iq:register'><remove/><username>x</username></query>`))
	r.Receive(iqError("rb", "modify", "bad-request"))
	if n := r.store.(*memStore).commits; n < 2 {
		t.Error("the requests were not settled")
	}
	if _, ok, _ := r.store.Account(t.Context(), domain, "eve@elsewhere.example"); ok {
		t.Error("a stranger has an account")
	}
}

func farewells(from, speaker string) []string {
	return []string{
		`<presence type='unsubscribe' from='` + from + `' to='alice@example.org'/>`,
		`<presence type='unsubscribed' from='` + from + `' to='alice@example.org'/>`,
		`<presence type='unavailable' from='` + speaker + `' to='alice@example.org'/>`,
	}
}

func TestUnregister(t *testing.T) {
	r := newRig(t)
	r.Send(`<presence type='subscribe' from='alice@example.org' to='+12025550100@sms.example.org'/>`)
	for range 3 {
		r.Next()
	}
	r.Send(text("u1", "open a session"))
	r.wantOnPhone("open a session")
	r.Send(`<iq type='set' id='u' from='alice@example.org/x' to='sms.example.org'><query xmlns='jabber:iq:register'><remove/></query></iq>`)
	r.Receive(`<iq type='result' id='u' from='sms.example.org' to='alice@example.org/x'/>`) // 0100.15
	for _, p := range append(farewells("+12025550100@sms.example.org", "+12025550100@sms.example.org/gateway"), farewells(domain, domain)...) {
		r.Receive(p) // 0100.16
	}
	if n := r.bridge.OpenSessions(alice); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	s := r.store.(*memStore) // 0100.17
	if n := len(s.state.accounts) + len(s.state.contacts) + len(s.state.messages); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	r.Send(text("u2", "after"))
	r.Receive(stanzaError("u2", "auth", "registration-required"))
}

func TestUnregisterWhileMessagesWait(t *testing.T) {
	r := newRig(t)
	r.bridge.OnSend(func(context.Context, bridges.Message) ([]bridges.MessageID, error) {
		return nil, &bridges.Error{Kind: bridges.Temporary, Text: "Not now."}
	})
	r.Send(text("w1", "waits"))
	r.wantOnPhone("waits")
	r.leavesByChat(alice)
	r.Receive(`<message type='chat' from='sms.example.org' to='alice@example.org'><body>*</body><mentions xmlns='urn:xmpp:mmn:0'/></message>`)
	for _, p := range farewells(domain, domain) {
		r.Receive(p)
	}
	r.bridge.Host().Ready()
	r.Receive(stanzaError("w1", "auth", "registration-required"))
}

func TestTwoUsersOneIdentity(t *testing.T) {
	s := newMemStore()
	registered(s, alice, "+12025550197")
	r := start(t, s, bridgetest.SMS())
	r.greeting() // of whoever is registered at the start: not of carol
	taken := false
	s.mu.Lock()
	s.before = func(b *mapping.Batch) { // carol gets the number in between
		if len(b.PutAccounts) > 0 && !taken {
			taken = true
			s.state.accounts["carol@example.org"] = mapping.Account{ID: "carol@example.org", Self: number}
		}
	}
	s.mu.Unlock()
	r.Send(fromBob("set", "t", registerQuery))
	r.Receive(toBob("result", "t", ""))
	acc, _, _ := s.Account(t.Context(), domain, bob)
	if acc.Self != "+12025550198" {
		t.Errorf("bob has %q", acc.Self)
	}
}
