package component

import (
	"causeway/component/stanza"
)

const (
	nsChatStates = "http://jabber.org/protocol/chatstates" // XEP-0085
	nsHints      = "urn:xmpp:hints"                        // XEP-0334

	foreignTo = "foreign-to"
)

// verdict is what becomes of a stanza before anything else sees it.
type verdict struct {
	drop   string        // the reason, for the counter; "" when it is served
	answer *stanza.Error // for the sender, when it can be told
}

// check settles stanzas that no handler should see: without sender, to
// addresses that are not ours (ejabberd's global_routes), and IQs of a wrong
// shape (RFC 6120 §8.2.3; xeps.md 6120.6).
func (l *Link) check(s *stanza.Stanza) verdict {
	switch {
	case s.From == "":
		return verdict{drop: "no-from"}
	case !within(s.To, l.c.Domain):
		return verdict{drop: foreignTo}
	case s.Kind == stanza.IQ:
		return checkIQ(s)
	}
	return verdict{}
}

func checkIQ(s *stanza.Stanza) verdict {
	switch s.Type {
	case "result", "error":
		return verdict{}
	case "get", "set":
	default:
		return badIQ("An IQ is of type get, set, result or error.")
	}
	if s.ID == "" {
		return verdict{drop: "bad-iq"}
	}
	n := 0
	for range s.Children() {
		n++
	}
	if n != 1 {
		return badIQ("An IQ of type get or set has exactly one child element.")
	}
	return verdict{}
}

func badIQ(text string) verdict {
	return verdict{"bad-iq", &stanza.Error{Type: "modify", Condition: "bad-request", Text: text}}
}

// lasting tells whether a stanza goes to the journal: its sender believes that
// we have it, and nobody would ask again (design, "The read cycle").
func lasting(s *stanza.Stanza) bool {
	switch s.Kind {
	case stanza.Message:
		return s.Type == "error" || payload(s)
	case stanza.Presence:
		switch s.Type {
		case "subscribe", "subscribed", "unsubscribe", "unsubscribed":
			return true
		}
		return false
	}
	return s.Type == "set"
}

// payload tells whether a message says more than that somebody is typing.
func payload(s *stanza.Stanza) bool {
	for c := range s.Children() {
		space, local := c.Name()
		switch {
		case space == nsChatStates, space == nsHints, space == "" && local == "thread":
		default:
			return true
		}
	}
	return false
}
