package matrix

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"causeway/bridges/matrix/appservice"
)

func TestConfig(t *testing.T) {
	const good = `{homeserver: {url: "http://127.0.0.1:8008", name: localhost}}`
	for _, c := range []struct{ name, yaml, key string }{
		{"the least", good, ""},
		{"another prefix", good[:len(good)-1] + `, user_prefix: x-}`, ""},
		{"no homeserver", `{}`, "homeserver.url"},
		{"no web address", `{homeserver: {url: "127.0.0.1:8008", name: hs}}`, "homeserver.url"},
		{"no name", `{homeserver: {url: "http://hs"}}`, "homeserver.name"},
		{"a prefix for all", good[:len(good)-1] + `, user_prefix: ""}`, "user_prefix"},
		{"a prefix with an expression", good[:len(good)-1] + `, user_prefix: "x.*"}`, "user_prefix"},
		{"nobody has a name", good[:len(good)-1] + `, user_name: " "}`, "user_name"},
		{"no place to listen", good[:len(good)-1] + `, appservice: {listen: here}}`, "appservice.listen"},
		{"a place that is none", good[:len(good)-1] + `, appservice: {url: here}}`, "appservice.url"},
		{"no file", good[:len(good)-1] + `, appservice: {registration: ""}}`, "appservice.registration"},
	} {
		var cfg Config
		err := yaml.Unmarshal([]byte(c.yaml), &cfg)
		if (err != nil) != (c.key != "") || err != nil && !strings.HasPrefix(err.Error(), c.key+": ") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The registration says what facts/matrix-discord.md 2.1 asks for.
func TestRegistration(t *testing.T) {
	c := setting(t, "http://127.0.0.1:8008", "127.0.0.1:9471")
	r, err := appservice.Load(c.Appservice.Registration)
	if err != nil {
		t.Fatal(err)
	}
	users := r.Namespaces.Users
	if r.ID != "matrix.example.org" || r.URL != "http://127.0.0.1:9471" || r.SenderLocalpart != "_xmpp_bot" || r.RateLimited || !r.ReceiveEphemeral ||
		len(users) != 1 || !users[0].Exclusive || users[0].Regex != `@_xmpp_.*:localhost` {
		t.Errorf("%+v", r)
	}
	c.Appservice.Registration += ".none"
	if _, err := New(c, Deps{}); err == nil || !strings.Contains(err.Error(), "causeway registration") {
		t.Error(err)
	}
}
