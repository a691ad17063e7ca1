// Package delay implements XEP-0203 (2.0): Delayed Delivery, with the date
// format of XEP-0082.
package delay

import (
	"time"

	"causeway/component/stanza"
)

// NS is the namespace of delays.
const NS = "urn:xmpp:delay"

// Delay says who held a stanza up, and when it was sent first.
type Delay struct {
	From  string
	Stamp time.Time
}

// Find returns the delay of a stanza. ok is false when there is none, or none
// with a readable stamp.
func Find(s *stanza.Stanza) (d Delay, ok bool) {
	e, ok := s.Child(NS, "delay")
	if !ok {
		return d, false
	}
	at, err := time.Parse(time.RFC3339Nano, e.Attr("stamp"))
	return Delay{From: e.Attr("from"), Stamp: at}, err == nil
}

// Append writes d, in UTC.
func (d Delay) Append(w *stanza.Writer) {
	w.Leaf("delay", NS, "", "from", d.From, "stamp", d.Stamp.UTC().Format("2006-01-02T15:04:05.000Z"))
}
