// Package privilege implements the side of the entity in XEP-0356 (0.4.1):
// Privileged Entity. A server says what it grants once, at the start of a
// stream.
package privilege

import (
	"causeway/component/stanza"
	"causeway/component/xep/upload"
)

// The namespaces: today's, and the one before, which alone ejabberd before
// 24.10 speaks. In roster and message permissions both say the same.
const (
	NS  = "urn:xmpp:privilege:2"
	NS1 = "urn:xmpp:privilege:1"
)

// Rights are what the server of a host grants for the users of that host.
// The zero value: nothing.
type Rights struct {
	// NS is the namespace that the server speaks.
	NS string
	// Roster: rosters may be read and changed.
	Roster bool
	// Message: messages may be sent on behalf of users.
	Message bool
	// Upload: slots for files (XEP-0363) may be asked for on behalf of users.
	Upload bool
}

// Find reads the advertisement in s; ok is false when there is none. Of both
// namespaces the newer one counts.
//
// COMPAT: the mod_privilege of Prosody (2023) forgets to close elements, so that
// those behind are inside of those before: a perm counts at any depth.
func Find(s *stanza.Stanza) (r Rights, ok bool) {
	for _, ns := range [...]string{NS, NS1} {
		if e, found := s.Child(ns, "privilege"); found {
			r.NS = ns
			r.read(e)
			return r, true
		}
	}
	return r, false
}

func (r *Rights) read(e stanza.Element) {
	for c := range e.Children() {
		switch space, local := c.Name(); {
		case space == r.NS && local == "perm":
			r.grant(c.Attr("access"), c.Attr("type"))
		case space == r.NS && local == "namespace" && c.Attr("ns") == upload.NS:
			r.Upload = c.Attr("type") == "get" || c.Attr("type") == "both"
		}
		r.read(c)
	}
}

// grant takes one permission; every type that is not known grants nothing.
func (r *Rights) grant(access, typ string) {
	switch access {
	case "roster":
		r.Roster = typ == "both"
	case "message":
		r.Message = typ == "outgoing"
	}
}
