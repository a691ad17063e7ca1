// Package pubsub implements the reading of items of XEP-0060 (1.24.1):
// Publish-Subscribe (§6.5), as the service that is asked and as who asks, and its
// events (§7.1.2), as the one that tells of items and as who is told.
package pubsub

import "causeway/component/stanza"

// NS is the namespace.
const NS = "http://jabber.org/protocol/pubsub"

const nsEvent = NS + "#event"

// Notify is what a client adds to the name of a node for a feature that says
// that it wants its events (XEP-0163 (1.2.2) §4).
const Notify = "+notify"

// Wanted returns the node whose items are asked for, and the id of the item; ""
// for any. Of several items the first counts. ok is false when no items are
// asked for.
func Wanted(pubsub stanza.Element) (node, id string, ok bool) {
	items, ok := pubsub.Child(NS, "items")
	item, _ := items.Child(NS, "item")
	return items.Attr("node"), item.Attr("id"), ok
}

// AppendWanted asks for an item of a node; without an id for the last one.
func AppendWanted(w *stanza.Writer, node, id string) {
	w.Start("pubsub", NS)
	if id == "" {
		w.Leaf("items", "", "", "node", node, "max_items", "1")
	} else {
		w.Start("items", "", "node", node).Leaf("item", "", "", "id", id).End()
	}
	w.End()
}

// ItemIn returns what the first item in an answer has in it.
func ItemIn(answer *stanza.Stanza) stanza.Element {
	p, _ := answer.Child(NS, "pubsub")
	items, _ := p.Child(NS, "items")
	return inFirst(items, NS)
}

// EventOf returns the node whose items a message tells of, "" when it tells of none, and
// what the first of them has in it.
func EventOf(message *stanza.Stanza) (node string, inside stanza.Element) {
	event, _ := message.Child(nsEvent, "event")
	items, _ := event.Child(nsEvent, "items")
	return items.Attr("node"), inFirst(items, nsEvent)
}

func inFirst(items stanza.Element, space string) stanza.Element {
	item, _ := items.Child(space, "item")
	for e := range item.Children() {
		return e
	}
	return stanza.Element{}
}

// AppendItem writes an answer with one item, whose content append writes.
func AppendItem(w *stanza.Writer, node, id string, append func(*stanza.Writer)) {
	appendItem(w.Start("pubsub", NS), node, id, append)
}

// AppendEvent writes the event for one item, whose content append writes.
func AppendEvent(w *stanza.Writer, node, id string, append func(*stanza.Writer)) {
	appendItem(w.Start("event", nsEvent), node, id, append)
}

// appendItem writes what is inside of either, and ends it.
func appendItem(w *stanza.Writer, node, id string, append func(*stanza.Writer)) {
	w.Start("items", "", "node", node).Start("item", "", "id", id)
	append(w)
	w.End().End().End()
}
