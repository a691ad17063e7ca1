// Package contact implements XEP-0157 (1.1.1): Contact Addresses for XMPP
// Services, as the service that has them.
package contact

import (
	"net/url"
	"slices"

	"causeway/component/xep/form"
)

// FormType names the form in an answer to disco#info.
const FormType = "http://jabber.org/network/serverinfo"

// Addresses are URIs that are answered or read by who looks after a service, by
// what they are for.
type Addresses struct {
	Abuse, Feedback, Sales, Security, Status, Support []string
}

// Form says how to reach the administrators, by their bare JIDs, and others.
// Nil when there is nobody: the XEP wants no empty field.
func Form(admins []string, a Addresses) *form.Form {
	uris := make([]string, len(admins))
	for i, jid := range admins {
		uris[i] = (&url.URL{Scheme: "xmpp", Opaque: jid}).String()
	}
	f := &form.Form{Type: "result", FormType: FormType}
	for _, x := range []struct {
		name string
		uris []string
	}{
		{"abuse", a.Abuse},
		{"admin", uris},
		{"feedback", a.Feedback},
		{"sales", a.Sales},
		{"security", a.Security},
		{"status", a.Status},
		{"support", a.Support},
	} {
		if len(x.uris) > 0 {
			f.Fields = append(f.Fields, form.Field{Var: x.name + "-addresses", Type: "list-multi", Values: x.uris})
		}
	}
	if len(f.Fields) == 0 {
		return nil
	}
	return f
}

// schemes are what people can reach somebody by, and clients open.
var schemes = []string{"mailto", "xmpp", "https", "http", "tel"}

// IsURI tells whether s is a URI (RFC 3986) of a kind that clients open.
func IsURI(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' || r == '<' || r == '>' || r == '"' {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, u.Scheme) && u.Host+u.Opaque != ""
}
