// Package roster implements the codec of rosters (RFC 6121 §2), as an entity
// with the roster permission of XEP-0356 reads and changes them.
package roster

import (
	"iter"

	"causeway/component/stanza"
)

// NS is the namespace of rosters.
const NS = "jabber:iq:roster"

// The subscriptions of an item that mean something to us.
const (
	Both   = "both"
	To     = "to" // the user sees the contact
	Remove = "remove"
)

// Item is a contact in a roster.
type Item struct {
	JID, Name    string
	Subscription string // "": none
	Groups       []string
	// Approved: the contact's subscribe needs no consent (RFC 6121 §3.4).
	Approved bool
}

// AppendGet asks for a roster.
func AppendGet(w *stanza.Writer) { w.Leaf("query", NS, "") }

// AppendSet changes one item: servers take no more in one request.
func AppendSet(w *stanza.Writer, i Item) {
	approved := ""
	if i.Approved {
		approved = "true"
	}
	w.Start("query", NS)
	w.Start("item", "", "jid", i.JID, "name", i.Name, "subscription", i.Subscription, "approved", approved)
	for _, g := range i.Groups {
		w.Leaf("group", "", g)
	}
	w.End().End()
}

// Items yields what is in the roster that s brings.
func Items(s *stanza.Stanza) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		query, _ := s.Child(NS, "query")
		for e := range query.All(NS, "item") {
			i := Item{JID: e.Attr("jid"), Name: e.Attr("name"), Subscription: e.Attr("subscription"), Groups: groups(e)}
			i.Approved = e.Attr("approved") == "true" || e.Attr("approved") == "1"
			if !yield(i) {
				return
			}
		}
	}
}

func groups(item stanza.Element) (all []string) {
	for e := range item.All(NS, "group") {
		all = append(all, e.Text())
	}
	return all
}
