// Package hints implements XEP-0334 (1.0.0): Message Processing Hints.
package hints

import "causeway/component/stanza"

// NS is the namespace of hints.
const NS = "urn:xmpp:hints"

// AppendStore asks servers to keep a message that has no body.
func AppendStore(w *stanza.Writer) { w.Leaf("store", NS, "") }

// AppendNoStore asks servers to keep a message nowhere.
func AppendNoStore(w *stanza.Writer) { w.Leaf("no-store", NS, "") }
