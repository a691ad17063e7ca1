package gateway

import (
	"time"

	"causeway/component/stanza"
	"causeway/mapping"
)

// outgoing is a text of a user on its way to the network.
type outgoing struct {
	key      mapping.Key
	s        *stanza.Stanza
	mark     string    // see repeats.mark
	at       time.Time // when we accepted it
	expires  time.Time
	attempts int
	doubt    bool   // an earlier attempt's outcome is not known
	parked   bool   // it has a row of its own
	dropped  bool   // it was found to be a repetition when it was to be parked
	tried    bool   // a predecessor has given it to the bridge, which remembers what became of it
	errand   errand // of its last attempt; nil: there was none
}

// draft begins to read m as it was when it was accepted: while it waits it grows
// older, and that makes it no replay of an archive.
func (g *Gateway) draft(m *outgoing) *draft {
	at := m.at
	if m.attempts > 0 {
		at = time.Time{} // it was none
	}
	d := newDraft(m.s, at)
	d.can = g.info.Can
	return d
}
