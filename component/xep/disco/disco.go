// Package disco implements XEP-0030 (2.5.0): Service Discovery, as the entity
// that is asked, and as the one that asks.
package disco

import (
	"causeway/component/stanza"
	"causeway/component/xep/form"
)

// The namespaces, which are features too.
const (
	NSInfo  = "http://jabber.org/protocol/disco#info"
	NSItems = "http://jabber.org/protocol/disco#items"
)

// Identity is what an entity is.
type Identity struct{ Category, Type, Name string }

// Info is the answer to disco#info.
type Info struct {
	Identities []Identity
	Features   []string
	// Extensions are forms with more (XEP-0128), each of another FormType.
	Extensions []form.Form
}

// Append writes the answer; node is the one that was asked for (XEP-0030
// §3.2: it is mirrored).
func (i *Info) Append(w *stanza.Writer, node string) {
	w.Start("query", NSInfo, "node", node)
	for _, x := range i.Identities {
		w.Leaf("identity", "", "", "category", x.Category, "type", x.Type, "name", x.Name)
	}
	for _, f := range i.Features {
		w.Leaf("feature", "", "", "var", f)
	}
	for _, f := range i.Extensions {
		f.Append(w)
	}
	w.End()
}

// AppendQuery writes the question for disco#info.
func AppendQuery(w *stanza.Writer, node string) { w.Leaf("query", NSInfo, "", "node", node) }

// Item is one entry of disco#items.
type Item struct{ JID, Node, Name string }

// AppendItems writes the answer to disco#items.
func AppendItems(w *stanza.Writer, node string, items []Item) {
	w.Start("query", NSItems, "node", node)
	for _, x := range items {
		w.Leaf("item", "", "", "jid", x.JID, "node", x.Node, "name", x.Name)
	}
	w.End()
}

// AppendItemsQuery writes the question for disco#items.
func AppendItemsQuery(w *stanza.Writer) { w.Leaf("query", NSItems, "") }

// Items returns the addresses in an answer to disco#items, limit at most.
func Items(s *stanza.Stanza, limit int) (jids []string) {
	q, _ := s.Child(NSItems, "query")
	for e := range q.All(NSItems, "item") {
		if jid := e.Attr("jid"); jid != "" && len(jids) < limit {
			jids = append(jids, jid)
		}
	}
	return jids
}
