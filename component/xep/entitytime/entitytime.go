// Package entitytime implements XEP-0202 (2.0): Entity Time, as the entity that
// is asked.
package entitytime

import (
	"time"

	"causeway/component/stanza"
)

// NS is the namespace, and the feature that announces it.
const NS = "urn:xmpp:time"

// Append writes a moment, in UTC and as if its entity were there.
func Append(w *stanza.Writer, at time.Time) {
	w.Start("time", NS).Leaf("tzo", "", "+00:00")
	w.Leaf("utc", "", at.UTC().Format("2006-01-02T15:04:05Z")).End() // XEP-0082 §3.2
}
