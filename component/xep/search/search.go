// Package search implements XEP-0055 (1.3): Jabber Search, by data forms, as
// the service that is asked.
package search

import (
	"causeway/component/stanza"
	"causeway/component/xep/form"
)

// NS is the namespace, the feature that announces it, and the FORM_TYPE.
const NS = "jabber:iq:search"

// AppendOffer writes what can be searched by.
func AppendOffer(w *stanza.Writer, f *form.Form) {
	w.Start("query", NS).Leaf("instructions", "", f.Instructions)
	f.Append(w)
	w.End()
}

// Found is one hit.
type Found struct{ JID, Name string }

// AppendFound writes what was found; nothing is an empty query (XEP-0055 §2.2).
func AppendFound(w *stanza.Writer, hits []Found) {
	w.Start("query", NS)
	if len(hits) > 0 {
		w.Start("x", form.NS, "type", "result")
		field(w, "FORM_TYPE", "hidden", "", NS)
		w.Start("reported", "")
		field(w, "jid", "jid-single", "Address", "")
		field(w, "name", "text-single", "Name", "")
		w.End()
		for _, x := range hits {
			w.Start("item", "")
			field(w, "jid", "", "", x.JID)
			field(w, "name", "", "", x.Name)
			w.End()
		}
		w.End()
	}
	w.End()
}

func field(w *stanza.Writer, name, typ, label, value string) {
	w.Start("field", "", "var", name, "type", typ, "label", label)
	if value != "" {
		w.Leaf("value", "", value)
	}
	w.End()
}
