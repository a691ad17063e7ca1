package appservice

import (
	"context"
	"errors"
	"net/http"
	"testing"
)

// directory is a handler that knows one user of one protocol.
type directory struct{ *rig }

func (directory) Protocol(name string) *Protocol {
	if name != "xmpp" {
		return nil
	}
	return &Protocol{
		UserFields: []string{"jid"}, LocationFields: []string{}, FieldTypes: map[string]FieldType{"jid": {"x", "y"}},
		Instances: []Instance{{"XMPP", map[string]string{}, "n"}},
	}
}

func (directory) Lookup(_ context.Context, protocol string, fields map[string]string) ([]Foreigner, error) {
	if fields["jid"] == "broken" {
		return nil, errors.New("broken")
	}
	if protocol != "xmpp" || len(fields) != 1 || fields["jid"] != "a b@x" {
		return nil, nil
	}
	return []Foreigner{{"@a:x", protocol, fields}}, nil
}

func (d directory) Reverse(ctx context.Context, user string) ([]Foreigner, error) {
	if user != "@a:x" {
		return nil, nil
	}
	return d.Lookup(ctx, "xmpp", map[string]string{"jid": "a b@x"})
}

// Every question about another network has the answer of the specification.
func TestThirdParty(t *testing.T) {
	const a = `[{"userid":"@a:x","protocol":"xmpp","fields":{"jid":"a b@x"}}]`
	for _, c := range []struct {
		name, method, path string
		status             int
		body               string
	}{
		{"a protocol", "GET", "protocol/xmpp", 200, `{"user_fields":["jid"],"location_fields":[],"icon":"","field_types":{"jid":{"regexp":"x","placeholder":"y"}},"instances":[{"desc":"XMPP","fields":{},"network_id":"n"}]}`},
		{"another protocol", "GET", "protocol/irc", 404, `{"errcode":"M_NOT_FOUND"}`},
		{"no protocol", "GET", "protocol/", 404, `{"errcode":"M_UNRECOGNIZED"}`},
		{"a user", "GET", "user/xmpp?jid=a%20b%40x", 200, a},
		{"with the token of an old homeserver", "GET", "user/xmpp?jid=a%20b%40x&access_token=" + token, 200, a},
		{"nobody", "GET", "user/xmpp?jid=b", 200, `[]`},
		{"no field", "GET", "user/xmpp", 200, `[]`},
		{"reverse", "GET", "user?userid=%40a%3Ax", 200, a},
		{"reverse of nobody", "GET", "user?userid=%40b%3Ax", 200, `[]`},
		{"no answer", "GET", "user/xmpp?jid=broken", 500, `{"errcode":"M_UNKNOWN"}`},
		{"rooms", "GET", "location/xmpp?room=x", 200, `[]`},
		{"rooms, reverse", "GET", "location?alias=%23a%3Ax", 200, `[]`},
		{"something else", "GET", "nothing/xmpp", 404, `{"errcode":"M_UNRECOGNIZED"}`},
		{"another verb", "POST", "user/xmpp", 405, `{"errcode":"M_UNRECOGNIZED"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, token)
			r.Handler = directory{r}
			if status, body := r.do(t, c.method, prefix+thirdparties+c.path, ""); status != c.status || body != c.body {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	r := newRig(t, token)
	if status, _ := r.do(t, http.MethodGet, prefix+thirdparties+"protocol/xmpp", ""); status != http.StatusNotFound {
		t.Errorf("without a directory: %d", status)
	}
	r.Handler = directory{r}
	if status, _ := r.as(t, "Bearer wrong", http.MethodGet, prefix+thirdparties+"user/xmpp?jid=x", http.NoBody); status != http.StatusForbidden {
		t.Errorf("without our token: %d", status)
	}
}
