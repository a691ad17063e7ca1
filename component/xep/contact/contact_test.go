package contact

import (
	"strings"
	"testing"

	"causeway/component/stanza"
)

// TestForm: xeps.md 0157.1, .3.
func TestForm(t *testing.T) {
	if f := Form(nil, Addresses{}); f != nil {
		t.Errorf("0157.3: %+v", f)
	}
	var w stanza.Writer
	Form([]string{"admin@example.org"}, Addresses{
		Abuse: []string{"mailto:abuse@example.org", "https://example.org/abuse?a=1&b"}, Status: []string{"https://status.example.org"},
	}).Append(&w)
	const want = `<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field>` +
		`<field var='abuse-addresses' type='list-multi'><value>mailto:abuse@example.org</value><value>https://example.org/abuse?a=1&amp;b</value></field>` +
		`<field var='admin-addresses' type='list-multi'><value>xmpp:admin@example.org</value></field>` +
		`<field var='status-addresses' type='list-multi'><value>https://status.example.org</value></field></x>`
	if got := strings.ReplaceAll(string(w.Bytes()), `"`, "'"); got != want {
		t.Errorf("0157.1: %s\nnot %s", got, want)
	}
}

// TestIsURI: xeps.md 0157.2.
func TestIsURI(t *testing.T) {
	for s, want := range map[string]bool{
		"mailto:abuse@example.org": true, "xmpp:help@example.org": true, "https://example.org/status": true,
		"xmpp:support@chat.example.org?join": true, "tel:+12025550100": true, "http://[::1]:80/": true,
		"abuse@example.org": false, "example.org": false, "localhost:5222": false, "mailto:": false, "https:///x": false,
		"https://exa mple.org": false, "mailto:\u00e4@example.org": false, "javascript:alert(1)": false, "": false, "mailto:<a@b>": false,
	} {
		if IsURI(s) != want {
			t.Errorf("0157.2: %q: %t", s, !want)
		}
	}
}
