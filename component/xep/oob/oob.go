// Package oob implements the messages of XEP-0066 (1.5): Out of Band Data.
package oob

import "causeway/component/stanza"

// NS is the namespace of out-of-band data in messages.
const NS = "jabber:x:oob"

// Link is a file at an address, and what is said about it.
type Link struct{ URL, Desc string }

// Find returns the first link of a message; ok is false when there is none with
// an address.
func Find(s *stanza.Stanza) (l Link, ok bool) {
	e, ok := s.Child(NS, "x")
	if !ok {
		return l, false
	}
	if url, ok := e.Child(NS, "url"); ok {
		l.URL = url.Text()
	}
	if desc, ok := e.Child(NS, "desc"); ok {
		l.Desc = desc.Text()
	}
	return l, l.URL != ""
}

// Append writes that a message is a file at an address.
func Append(w *stanza.Writer, url string) { w.Start("x", NS).Leaf("url", "", url).End() }
