// Package register implements XEP-0077 (2.4): In-Band Registration, as the
// service that is registered with.
package register

import (
	"causeway/component/stanza"
	"causeway/component/xep/form"
)

// NS is the namespace of registration, and the feature that announces it.
const NS = "jabber:iq:register"

// Offer is what the service asks of a user.
type Offer struct {
	Instructions string
	Registered   bool
	// Form holds the fields. Those whose names XEP-0077 knows could stand
	// outside a form too; clients of today read the form.
	Form form.Form
}

// Append writes the answer to a get.
func (o *Offer) Append(w *stanza.Writer) {
	w.Start("query", NS)
	if o.Registered {
		w.Leaf("registered", "", "")
	}
	w.Leaf("instructions", "", o.Instructions)
	if o.fitsOutside() {
		for _, f := range o.Form.Fields {
			if known[f.Var] {
				w.Leaf(f.Var, "", f.Value)
			}
		}
	}
	if len(o.Form.Fields) > 0 {
		o.Form.Type, o.Form.FormType = "form", NS
		o.Form.Append(w)
	}
	w.End()
}

// fitsOutside tells whether all that is required has a field in XEP-0077; else
// the form alone is offered (XEP-0077 §4, precedence).
func (o *Offer) fitsOutside() bool {
	for _, f := range o.Form.Fields {
		if f.Required && !known[f.Var] {
			return false
		}
	}
	return true
}

// Request is what a user asks by a set.
type Request struct {
	Remove bool
	// Alone is false when something stands beside the remove.
	Alone  bool
	Cancel bool // a cancelled form: no effect
	Fields map[string]string
}

// Read reads a set. A form counts more than fields beside it.
func Read(query stanza.Element) Request {
	r := Request{Fields: map[string]string{}, Alone: true}
	n := 0
	for c := range query.Children() {
		n++
		space, local := c.Name()
		if space != NS {
			continue
		}
		if local == "remove" {
			r.Remove = true
			continue
		}
		r.Fields[local] = c.Text()
	}
	r.Alone = n == 1
	if f, ok := form.Find(query); ok {
		r.Cancel = f.Type == "cancel"
		r.Fields = f.Values()
	}
	return r
}

// known are the fields of XEP-0077 §14.1.
var known = map[string]bool{
	"username": true, "nick": true, "password": true, "name": true, "first": true,
	"last": true, "email": true, "address": true, "city": true, "state": true,
	"zip": true, "phone": true, "url": true, "date": true, "misc": true, "text": true,
	"key": true,
}
