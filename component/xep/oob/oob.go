// Package oob implements the messages of XEP-0066 (1.5): Out of Band Data.
package oob

import "causeway/component/stanza"

// NS is the namespace of out-of-band data in messages.
const NS = "jabber:x:oob"

// Link is a file at an address, and what is said about it.
type Link struct{ URL, Desc string }

// Most bounds the links of one message that are looked at.
const Most = 16

// Find returns the links of a message that have an address in their order, Most at
// most.
func Find(s *stanza.Stanza) (links []Link) {
	for e := range s.All(NS, "x") {
		url, _ := e.Child(NS, "url")
		desc, _ := e.Child(NS, "desc")
		if l := (Link{url.Text(), desc.Text()}); l.URL != "" && len(links) < Most {
			links = append(links, l)
		}
	}
	return links
}

// Append writes that a message is a file at an address.
func Append(w *stanza.Writer, url string) { w.Start("x", NS).Leaf("url", "", url).End() }
