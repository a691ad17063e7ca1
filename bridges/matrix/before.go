package matrix

import (
	"context"
	"encoding/json"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// Recall implements bridges.Recaller: the homeserver knows which edits are left.
func (s *session) Recall(ctx context.Context, chat bridges.ChatID, of bridges.MessageID) (m bridges.Message, err error) {
	s.work.Add(1)
	defer s.work.Done()
	bridges.Waits(ctx)
	at, err := s.b.roomWith(ctx, pair{s.ghost, bridges.UserID(chat)}, of)
	if err != nil {
		return m, s.b.failed(err, bridges.Temporary)
	}
	switch now := told(newestEdit(at.event)).(type) {
	case bridges.Edit:
		return now.Message, nil
	case bridges.Message:
		return now, nil
	}
	return m, because(errNoText, nil)
}

// newestEdit returns the newest edit of an event, which the homeserver sends with it
// (Client-Server API, Server-side aggregation of m.replace relationships), or, when there
// is none, the event.
func newestEdit(e event.Event) event.Event {
	var beside struct {
		Relations struct {
			Replace json.RawMessage `json:"m.replace"`
		} `json:"m.relations"`
	}
	if deleted(e) || json.Unmarshal(e.Unsigned, &beside) != nil {
		return e
	}
	edit, err := event.Decode(beside.Relations.Replace)
	if _, of, _ := contentOf(edit); err != nil || edit.Sender != e.Sender || of != e.ID {
		return e
	}
	return edit
}
