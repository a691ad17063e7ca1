package gateway

import (
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// incoming is an event from the network on its way to a user. Stanza is the id
// of the stanza that it becomes: it is made before the event is journalled, so
// that a repetition after a crash carries it again (xeps.md 5.1.3).
//
// Place is set for a whole message that has replaced its parts: the key of the
// last of them, in whose place it comes although its own key is newer.
type incoming struct {
	key     mapping.Key
	Kind    string            `json:"k"`
	Account bridges.AccountID `json:"a"`
	Stanza  string            `json:"s"`
	At      time.Time         `json:"t"`
	Message *bridges.Message  `json:"m,omitempty"`
	Receipt *receipt          `json:"r,omitempty"`
	Part    *bridges.Part     `json:"p,omitempty"`
	Change  *change           `json:"-"` // newer than the JSON
	Once    string            `json:"o,omitempty"`
	Stream  uint64            `json:"c,omitempty"`
	Place   mapping.Key       `json:"l,omitzero"`

	Displayed *bridges.Displayed `json:"-"` // newer than that format
	Of        bridges.MessageID  `json:"-"` // the earlier message that it is about
	Emojis    []string           `json:"-"` // of a reaction

	answers, author string // the stanza that a text answers, and by whom it is
	thread          string // the stanza that began the thread it is in

	replaces string            // the stanza that it is about; empty: nobody has seen it
	first    bridges.MessageID // what an edit changes, as it first was
	captions bridges.MessageID // the file to which an edit gives its first caption
	shared   *shared           // where the file is, once that is known
	recalls  recalling         // of a retraction
	refused  int               // how often the network has not said what it was to
}

// place is where the event stands among those of its conversation.
func (in *incoming) place() mapping.Key {
	if in.Place != (mapping.Key{}) {
		return in.Place
	}
	return in.key
}

// receipt is a bridges.Receipt without what cannot be stored.
type receipt struct {
	ID    bridges.MessageID `json:"id"`
	Chat  bridges.ChatID    `json:"chat"`
	State bridges.State     `json:"state"`
	Kind  bridges.Kind      `json:"kind,omitempty"`
	Text  string            `json:"text,omitempty"`
}

// change is a bridges.ContactChange; its groups come with the list.
type change struct {
	ID   bridges.ChatID
	Name string // made fit to be shown
	Gone bool
}

// The kinds of events on disk.
const (
	kindMessage    = "message"
	kindReceipt    = "receipt"
	kindPart       = "part"
	kindChange     = "contact"
	kindDisplayed  = "displayed"
	kindEdit       = "edit"       // its Message is the new text
	kindRetraction = "retraction" // its Message is without a text
	kindReaction   = "reaction"   // likewise
	kindRequest    = "request"    // its Change is who asks
)

func newIncoming(d bridges.Delivery, now time.Time) (*incoming, error) {
	in := &incoming{Account: d.Account, Stanza: newID(), At: now, Once: d.Once, Stream: d.Stream}
	switch e := d.Event.(type) {
	case bridges.Message:
		in.Kind, in.Message = kindMessage, &e
	case bridges.Edit:
		in.Kind, in.Message, in.Of = kindEdit, &e.Message, e.Of
		e.File = nil // it stays what it was
	case bridges.Retraction:
		in.Kind, in.Of = kindRetraction, e.Of
		in.Message = &bridges.Message{ID: e.ID, Chat: e.Chat, From: e.From}
	case bridges.Reaction:
		in.Kind, in.Of, in.Emojis = kindReaction, e.Of, e.Emojis
		in.Message = &bridges.Message{Chat: e.Chat, From: e.From}
	case bridges.Receipt:
		r := &receipt{ID: e.ID, Chat: e.Chat, State: e.State}
		if e.Reason != nil {
			r.Kind, r.Text = e.Reason.Kind, e.Reason.Text
		}
		in.Kind, in.Receipt = kindReceipt, r
	case bridges.Part:
		if e.Total < 2 || e.Number < 1 || e.Number > e.Total {
			return nil, fmt.Errorf("gateway: a bridge delivered part %d of %d", e.Number, e.Total)
		}
		in.Kind, in.Part = kindPart, &e
	case bridges.ContactChange:
		in.Kind, in.Change = kindChange, &change{ID: bridges.ChatID(e.Person.ID), Name: cleanName(e.Person.Name), Gone: e.Gone}
	case bridges.ContactRequest:
		in.Kind, in.Change = kindRequest, &change{ID: bridges.ChatID(e.Person)}
	case bridges.Displayed:
		in.Kind, in.Displayed = kindDisplayed, &e
	default:
		return nil, fmt.Errorf("gateway: a bridge delivered a %T", d.Event)
	}
	return in, nil
}

// chat is the conversation that the event belongs to.
func (in *incoming) chat() bridges.ChatID {
	switch in.Kind {
	case kindMessage, kindEdit, kindRetraction, kindReaction:
		return in.Message.Chat
	case kindPart:
		return in.Part.Chat
	case kindChange, kindRequest:
		return in.Change.ID
	case kindDisplayed:
		return in.Displayed.Chat
	}
	return in.Receipt.Chat
}

// says tells whether the event is a text.
func (in *incoming) says() bool { return in.Kind == kindMessage || in.Kind == kindEdit }
