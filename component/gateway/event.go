package gateway

import (
	"encoding/json"
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// incoming is an event from the network on its way to a user. Stanza is the id
// of the stanza that it becomes: it is made before the event is journalled, so
// that a repetition after a crash carries it again (xeps.md 5.1.3).
type incoming struct {
	key     mapping.Key
	Kind    string            `json:"k"`
	Account bridges.AccountID `json:"a"`
	Stanza  string            `json:"s"`
	At      time.Time         `json:"t"`
	Message *bridges.Message  `json:"m,omitempty"`
	Receipt *receipt          `json:"r,omitempty"`
	Once    string            `json:"o,omitempty"`
	Stream  uint64            `json:"c,omitempty"`
}

// receipt is a bridges.Receipt without what cannot be stored.
type receipt struct {
	ID    bridges.MessageID `json:"id"`
	Chat  bridges.ChatID    `json:"chat"`
	State bridges.State     `json:"state"`
	Kind  bridges.Kind      `json:"kind,omitempty"`
	Text  string            `json:"text,omitempty"`
}

// The kinds of events on disk.
const (
	kindMessage = "message"
	kindReceipt = "receipt"
)

func newIncoming(d bridges.Delivery, now time.Time) (*incoming, error) {
	in := &incoming{Account: d.Account, Stanza: newID(), At: now, Once: d.Once, Stream: d.Stream}
	switch e := d.Event.(type) {
	case bridges.Message:
		in.Kind, in.Message = kindMessage, &e
	case bridges.Receipt:
		r := &receipt{ID: e.ID, Chat: e.Chat, State: e.State}
		if e.Reason != nil {
			r.Kind, r.Text = e.Reason.Kind, e.Reason.Text
		}
		in.Kind, in.Receipt = kindReceipt, r
	default:
		return nil, fmt.Errorf("gateway: a bridge delivered a %T", d.Event)
	}
	return in, nil
}

// chat is the conversation that the event belongs to.
func (in *incoming) chat() bridges.ChatID {
	if in.Message != nil {
		return in.Message.Chat
	}
	return in.Receipt.Chat
}

func (in *incoming) encode() (mapping.Record, error) {
	data, err := json.Marshal(in)
	return mapping.Record{Kind: mapping.FromNetwork, Data: data}, err
}

// decodeIncoming reads what encode wrote. An event without its payload is an
// error: nothing behind this point checks again.
func decodeIncoming(data []byte) (*incoming, error) {
	in := new(incoming)
	if err := json.Unmarshal(data, in); err != nil {
		return nil, fmt.Errorf("gateway: event in the journal: %w", err)
	}
	switch {
	case in.Kind == kindMessage && in.Message != nil && in.Receipt == nil:
	case in.Kind == kindReceipt && in.Receipt != nil && in.Message == nil:
	default:
		return nil, fmt.Errorf("gateway: event in the journal of kind %q lacks its payload", in.Kind)
	}
	return in, nil
}
