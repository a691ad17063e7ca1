// Package prompt implements the namespace jabber:iq:gateway of XEP-0100 (1.0)
// §6.3: what a user types becomes the address of a contact.
package prompt

import "causeway/component/stanza"

// NS is the namespace, and the feature that announces it.
const NS = "jabber:iq:gateway"

// AppendOffer writes what the user is asked for.
func AppendOffer(w *stanza.Writer, desc, prompt string) {
	w.Start("query", NS)
	w.Leaf("desc", "", desc)
	w.Leaf("prompt", "", prompt)
	w.End()
}

// Typed returns what the user typed.
func Typed(query stanza.Element) string {
	p, _ := query.Child(NS, "prompt")
	return p.Text()
}

// AppendJID writes the address that it stands for.
func AppendJID(w *stanza.Writer, jid string) {
	w.Start("query", NS)
	w.Leaf("jid", "", jid)
	w.End()
}
