package matrix

import (
	"net/http"
	"testing"

	"causeway/bridges"
	"causeway/bridges/matrix/appservice"
	"causeway/cmd/lab"
)

// What people write for a user of XMPP.
func TestAccountIn(t *testing.T) {
	for typed, want := range map[string]bridges.AccountID{
		string(alice): alice, " Alice@Example.ORG ": alice, "xmpp:alice@example.org": alice, "xmpp:alice@example.org?message": alice,
		"alice@example.org/phone": alice, "": "", "alice": "", "@example.org": "", "alice@": "", "a b@example.org": "", "a@b@c": "",
	} {
		if got, ok := accountIn(typed); ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q, %t", typed, got, ok)
		}
	}
}

// A real homeserver finds who is registered by the address; of who is not registered it knows nothing, and makes no user.
func TestRealThirdParty(t *testing.T) {
	r := onSynapse(t)
	lab.Nio(t, r.Matrix, "bob")
	token, _ := r.login(t, "bob")
	ghost := userID(r.s.ghost)
	var protocols map[string]appservice.Protocol
	r.ask(t, http.MethodGet, "/thirdparty/protocols", token, nil, &protocols)
	if p := protocols[protocol]; len(p.UserFields) != 1 || p.UserFields[0] != jidField || len(p.Instances) != 1 {
		t.Errorf("the protocols are %+v", protocols)
	}
	for path, want := range map[string]string{
		"/thirdparty/user/xmpp?jid=alice%40example.org":  ghost,
		"/thirdparty/user/xmpp?jid=nobody%40example.org": "",
	} {
		var all []appservice.Foreigner
		r.ask(t, http.MethodGet, path, token, nil, &all)
		switch {
		case want == "" && len(all) == 0:
		case len(all) != 1 || all[0].User != want || all[0].Fields[jidField] != string(alice):
			t.Errorf("%s: %+v", path, all)
		}
	}
	for user, want := range map[string]int{ghost: 1, "@bob:localhost": 0, userID(r.b.ghosts.of("nobody@example.org")): 0} { // Synapse does not ask that
		if all, err := r.b.Reverse(t.Context(), user); err != nil || len(all) != want || want == 1 && all[0].User != user {
			t.Errorf("%s: %+v, %v", user, all, err)
		}
	}
	nobody := r.b.ghosts.of("nobody@example.org")
	if there, err := r.b.HasUser(t.Context(), userID(nobody)); err != nil || there {
		t.Errorf("a user who is not registered: %t, %v", there, err)
	}
	if there, err := r.b.HasAlias(t.Context(), "#_xmpp_x:localhost"); err != nil || there {
		t.Errorf("a room: %t, %v", there, err)
	}
}

// Whatever is written, it is no address or one whose ghost has an id that Matrix takes.
func FuzzAccountIn(f *testing.F) {
	for _, seed := range []string{string(alice), "xmpp:a@b/c?d", "a@b@c", "\x00@\xff", "é@ü.example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		account, ok := accountIn(typed)
		if !ok {
			return
		}
		if again, ok := accountIn(string(account)); !ok || again != account {
			t.Errorf("%q became %q, and that %q", typed, account, again)
		}
		if id := userID(someGhosts.of(account)); len(id) > maxUserID {
			t.Errorf("%q has the ghost %q", typed, id)
		}
	})
}
