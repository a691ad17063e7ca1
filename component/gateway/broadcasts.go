package gateway

import (
	"strings"
	"sync"

	"causeway/component/stanza"
)

// broadcasts has what waits in the lanes of presence for contacts, by the full
// JID of who shows it: the type of the last. A server shows what its user shows
// to the gateway to each of the contacts, too, and to the gateway all of it says
// the same. So one has a place in the lane, or who has many contacts would find
// no room for anything else at a log-in.
type broadcasts struct {
	mu   sync.Mutex
	last map[string]string
}

func newBroadcasts() *broadcasts { return &broadcasts{last: map[string]string{}} }

// isBroadcast tells whether s is such a presence.
func isBroadcast(s *stanza.Stanza) bool {
	return isShown(s) && localOf(s.To) != ""
}

// isShown tells whether a client comes or goes with s.
func isShown(s *stanza.Stanza) bool {
	return s.Kind == stanza.Presence && (s.Type == "" || s.Type == "unavailable") && resourceOf(s.From) != "" && !joins(s)
}

// begins tells whether s is to have a place in the lane: nothing that waits there
// says the same. What is shown to the gateway itself always has one.
func (b *broadcasts) begins(s *stanza.Stanza) bool {
	if !isShown(s) {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	typ, waits := b.last[s.From]
	switch {
	case localOf(s.To) == "":
		delete(b.last, s.From)
	case waits && typ == s.Type:
		return false
	default:
		b.last[strings.Clone(s.From)] = s.Type
	}
	return true
}

// ends notes that s has left the lane.
func (b *broadcasts) ends(s *stanza.Stanza) {
	if !isBroadcast(s) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last[s.From] == s.Type {
		delete(b.last, s.From)
	}
}
