// Package contact implements XEP-0157 (1.1.1): Contact Addresses for XMPP
// Services, as the service that has them.
package contact

import (
	"net/url"

	"causeway/component/xep/form"
)

// FormType names the form in an answer to disco#info.
const FormType = "http://jabber.org/network/serverinfo"

// Form says how to reach the administrators, by their bare JIDs. Nil when
// there are none: the XEP wants no empty field.
func Form(admins []string) *form.Form {
	if len(admins) == 0 {
		return nil
	}
	uris := make([]string, len(admins))
	for i, jid := range admins {
		uris[i] = (&url.URL{Scheme: "xmpp", Opaque: jid}).String()
	}
	return &form.Form{Type: "result", FormType: FormType, Fields: []form.Field{
		{Var: "admin-addresses", Type: "list-multi", Values: uris},
	}}
}
