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
	var object map[string]json.RawMessage // exact keys, see event
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return nil, nil, errors.New("is no JSON object")
	}
	t = &Transaction{ID: id}
	for _, list := range []struct {
		key    string
		to     *[]Event
		decode func([]byte) (Event, error)
	}{
		{"events", &t.Events, event.Decode},
		{"ephemeral", &t.Ephemeral, event.DecodeEphemeral},
	} {
		var raws []json.RawMessage
		if raw, is := object[list.key]; is && json.Unmarshal(raw, &raws) != nil {
			return nil, nil, errors.New(list.key + " is no list")
		}
		for _, raw := range raws {
			e, err := list.decode(raw)
			if err != nil {
				bad = append(bad, skipped{e, err})
				continue
			}
			*list.to = append(*list.to, e)
		}
	}
	return t, bad, nil
}
