package appservice

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// ours is a registration as it is made.
func ours() Registration {
	return Make("causeway", "http://127.0.0.1:8080", "gatewaybot", Namespaces{
		Users: []Namespace{{Exclusive: true, Regex: "@xmpp_.*:localhost"}}, Aliases: []Namespace{}, Rooms: []Namespace{},
	})
}

// What is written is what is read, and only its owner reads it.
func TestWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registration.yaml")
	r := ours()
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	got, err := Load(file)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("got %#v, %v", got, err)
	}
	if err := ours().Write(file); !os.IsExist(err) {
		t.Errorf("the second says %v", err)
	}
}

// The keys are those of the specification, with none left to a homeserver's own
// idea; the old name of receive_ephemeral would bring everything twice.
func TestKeys(t *testing.T) {
	text, err := yaml.Marshal(ours())
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := yaml.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"as_token", "hs_token"} {
		if s, _ := keys[k].(string); len(s) < 26 {
			t.Errorf("%s has %d characters", k, len(s))
		}
		delete(keys, k)
	}
	want := map[string]any{
		"id": "causeway", "url": "http://127.0.0.1:8080", "sender_localpart": "gatewaybot", "rate_limited": false, "receive_ephemeral": true,
		"namespaces": map[string]any{
			"users":   []any{map[string]any{"exclusive": true, "regex": "@xmpp_.*:localhost"}},
			"aliases": []any{}, "rooms": []any{},
		},
	}
	if !reflect.DeepEqual(keys, want) {
		t.Errorf("got %v", keys)
	}
}

// Two registrations have four tokens, and none is shown.
func TestTokens(t *testing.T) {
	a, b := ours(), ours()
	if a.ASToken == b.ASToken || a.HSToken == b.HSToken || a.ASToken == a.HSToken {
		t.Error("a token is there twice")
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", a.ASToken)
	for _, shown := range []string{fmt.Sprint(a), fmt.Sprintf("%+v", a), fmt.Sprintf("%#v", a), log.String()} {
		if strings.Contains(shown, string(a.ASToken)) || strings.Contains(shown, string(a.HSToken)) {
			t.Errorf("a token is in %s", shown)
		}
	}
}

const whole = `id: causeway
url: "http://127.0.0.1:8080"
as_token: as-secret
hs_token: hs-secret
sender_localpart: gatewaybot
rate_limited: false
receive_ephemeral: true
io.element.msc4190: true
namespaces:
  users: [{exclusive: true, regex: "@xmpp_.*:localhost"}]
`

func TestLoad(t *testing.T) {
	for _, c := range []struct{ name, old, now, err string }{
		{"whole", "", "", ""},
		{"no id", "id: causeway", "", "id is missing"},
		{"no url", `"http://127.0.0.1:8080"`, "null", "url is missing"},
		{"no as_token", "as_token: as-secret", "", "as_token is missing"},
		{"an empty hs_token", "hs_token: hs-secret", `hs_token: ""`, "hs_token is missing"},
		{"no bot", "sender_localpart: gatewaybot", "", "sender_localpart is missing"},
		{"one token", "as-secret", "hs-secret", "as_token and hs_token are the same, want two secrets"},
		{"a token of another kind", "as_token: as-secret", "as_token: [as-secret]", "is no registration in YAML"},
		{"a token in a wrong place", "rate_limited: false", "rate_limited: as-secret", "is no registration in YAML"},
		{"no YAML", "id: causeway", "as-secret: : {", "is no registration in YAML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "registration.yaml")
			if err := os.WriteFile(file, []byte(strings.Replace(whole, c.old, c.now, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Load(file)
			if c.err == "" && (err != nil || r.ASToken != "as-secret" || r.RateLimited || !r.Namespaces.Users[0].Exclusive) {
				t.Errorf("got %#v, %v", r, err)
			}
			if c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("error is %v, want %s", err, c.err)
			}
		})
	}
	_, err := Load(filepath.Join(t.TempDir(), "none"))
	if err == nil || !strings.Contains(err.Error(), fs.ErrNotExist.Error()) && !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

// A homeserver takes a missing rate_limited for true.
func TestRateLimited(t *testing.T) {
	r, err := decode([]byte(strings.Replace(whole, "rate_limited: false\n", "", 1)))
	if err != nil || !r.RateLimited {
		t.Errorf("%v, %v", r.RateLimited, err)
	}
}
