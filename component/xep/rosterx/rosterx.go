// Package rosterx implements XEP-0144 (1.1.1): Roster Item Exchange, as the
// gateway that suggests contacts (§8.2).
package rosterx

import "causeway/component/stanza"

// NS is the namespace, and the feature of clients that take suggestions.
const NS = "http://jabber.org/protocol/rosterx"

// Most is how many items one stanza may have (§6).
const Most = 150

// Item is a contact to add.
type Item struct {
	JID, Name string
	Groups    []string
}

// Append writes the suggestion to add at most Most items.
func Append(w *stanza.Writer, items []Item) {
	w.Start("x", NS)
	for _, i := range items {
		w.Start("item", "", "action", "add", "jid", i.JID, "name", i.Name)
		for _, group := range i.Groups {
			w.Leaf("group", "", group)
		}
		w.End()
	}
	w.End()
}
