package stanza

import "strings"

// defaultSpace returns the default namespace in scope at an element.
func (s *Stanza) defaultSpace(i uint32) string {
	for {
		n := &s.nodes[i]
		if n.flags&declares != 0 {
			if v, ok := s.attr(n, "xmlns"); ok {
				return own(unescape(v))
			}
		}
		if i == 0 {
			return ""
		}
		i = n.parent
	}
}

// bound resolves a name with a prefix. ok is false when nothing declares it, or
// when it is no name of that kind (Namespaces in XML 1.0 §4).
func (s *Stanza) bound(i uint32, name string) (uri, local string, ok bool) {
	prefix, local, _ := strings.Cut(name, ":")
	if prefix == "" || local == "" || prefix == "xmlns" || strings.IndexByte(local, ':') >= 0 {
		return "", "", false
	}
	uri, _, ok = s.lookup(i, prefix)
	return uri, local, ok
}

// lookup returns the namespace of a prefix at an element and where it is
// declared.
func (s *Stanza) lookup(i uint32, prefix string) (uri string, at uint32, ok bool) {
	if prefix == "xml" {
		return nsXML, i, true
	}
	for {
		n := &s.nodes[i]
		if n.flags&declares != 0 {
			if v, ok := s.declared(n, prefix); ok {
				return unescape(v), i, true
			}
		}
		if i == 0 {
			return "", 0, false
		}
		i = n.parent
	}
}

// declared finds the declaration of a prefix in one start tag. An empty one
// declares nothing (Namespaces in XML 1.0 §2.2 forbids it).
func (s *Stanza) declared(n *node, prefix string) (value string, ok bool) {
	a := attrs(s.raw[n.start+1+uint32(n.name) : n.body])
	for {
		k, v, more := a.next()
		if !more {
			return "", false
		}
		if p, found := strings.CutPrefix(k, "xmlns:"); found && p == prefix && v != "" {
			return v, true
		}
	}
}

// own maps the namespaces that are a stanza's own to "".
func own(uri string) string {
	if uri == nsComponent || uri == nsClient {
		return ""
	}
	return uri
}
