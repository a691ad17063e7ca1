package appservice

import (
	"encoding/json"
	"errors"

	"causeway/bridges/matrix/event"
)

// skipped is an event that could not be read, and why.
type skipped struct {
	event Event
	err   error
}

// decodeTransaction reads the body of a transaction (Spec, Pushing events). An
// event that makes no sense is skipped: the homeserver would send it for ever,
// and nothing behind it. It fails when the body is no transaction at all.
func decodeTransaction(id string, body []byte) (t *Transaction, bad []skipped, err error) {
	var events, ephemeral json.RawMessage
	if !event.Members(body, func(key string, value json.RawMessage) {
		switch key {
		case "events":
			events = value
		case "ephemeral":
			ephemeral = value
		}
	}) {
		return nil, nil, errors.New("is no JSON object")
	}
	t = &Transaction{ID: id}
	for _, list := range []struct {
		key    string
		raw    json.RawMessage
		to     *[]Event
		decode func([]byte) (Event, error)
	}{
		{"events", events, &t.Events, event.Decode},
		{"ephemeral", ephemeral, &t.Ephemeral, event.DecodeEphemeral},
	} {
		if list.raw == nil || string(list.raw) == "null" {
			continue
		}
		if !event.Elements(list.raw, func(raw json.RawMessage) {
			e, err := list.decode(raw)
			if err != nil {
				bad = append(bad, skipped{e, err})
				return
			}
			*list.to = append(*list.to, e)
		}) {
			return nil, nil, errors.New(list.key + " is no list")
		}
	}
	return t, bad, nil
}
