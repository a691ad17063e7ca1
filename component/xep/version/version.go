// Package version implements XEP-0092 (1.1): Software Version.
package version

import "causeway/component/stanza"

// NS is the namespace of the query, and the feature that announces it.
const NS = "jabber:iq:version"

// Version names a program. The operating system is left out on purpose.
type Version struct{ Name, Version string }

// Append writes the answer to a query.
func (v Version) Append(w *stanza.Writer) {
	w.Start("query", NS)
	w.Leaf("name", "", v.Name)
	w.Leaf("version", "", v.Version)
	w.End()
}
