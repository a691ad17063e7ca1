// Package last implements XEP-0012 (2.0): Last Activity, as a server or
// component that is asked how long it has been running (§5).
package last

import (
	"strconv"
	"time"

	"causeway/component/stanza"
)

// NS is the namespace, and the feature that announces it.
const NS = "jabber:iq:last"

// Append writes the answer, in whole seconds.
func Append(w *stanza.Writer, d time.Duration) {
	w.Leaf("query", NS, "", "seconds", strconv.FormatInt(int64(d/time.Second), 10))
}
