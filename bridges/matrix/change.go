package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
)

// relation is what an event has to do with an earlier one (m.relates_to).
type relation struct {
	Type  string `json:"rel_type,omitempty"`
	Event string `json:"event_id,omitempty"`
}

// UnmarshalJSON takes what makes no sense for no relation: the text beside it does.
func (r *relation) UnmarshalJSON(raw []byte) error {
	type plain relation
	var x plain
	if json.Unmarshal(raw, &x) == nil {
		*r = relation(x)
	}
	return nil
}

// relReplace is of an event that changes another: always the first one, not
// another such event (Client-Server API, Event replacements).
const relReplace = "m.replace"

// fallbackEdit begins what programs show that do not know of edits.
const fallbackEdit = "* "

// writeEdit makes the content that changes an event to a text.
func writeEdit(text, key, of string) (content, error) {
	c, err := write(text, key)
	fresh := c
	fresh.Key = ""
	c.Body, c.New, c.Relates = fallbackEdit+c.Body, &fresh, &relation{relReplace, of}
	return c, err
}

// edits returns what the message is that c changes, and what it is now. Without a
// new content what stands for it is taken.
func (c content) edits() (of string, now content) {
	if c.Relates == nil || c.Relates.Type != relReplace || c.Relates.Event == "" {
		return "", c
	}
	of, now = c.Relates.Event, c
	if c.New != nil && *c.New != (content{}) {
		return of, *c.New
	}
	now.Body = strings.TrimPrefix(c.Body, fallbackEdit)
	return of, now
}

// Edit implements bridges.Editor, in the room of the chat as it is now: nothing is
// changed in another.
func (s *session) Edit(ctx context.Context, e bridges.Edit) (bridges.MessageID, error) {
	s.work.Add(1)
	defer s.work.Done()
	who := pair{s.ghost, bridges.UserID(e.Chat)}
	txn := transaction(s.ghost, e.Key)
	c, err := writeEdit(e.Text, txn, string(e.Of))
	if err != nil {
		return "", err
	}
	room, err := s.b.writableRoom(ctx, who)
	if err != nil {
		return "", s.b.failed(err, bridges.Temporary)
	}
	bridges.Waits(ctx)
	id, err := s.once(ctx, place{room: room}, who, txn, c)
	if err != nil {
		return "", s.b.failed(notHere(err), bridges.Unknown)
	}
	s.b.typists.stop(ctx, who)
	return bridges.MessageID(id), nil
}

// writableRoom returns the room of a chat in which the ghost is.
func (b *Bridge) writableRoom(ctx context.Context, who pair) (string, error) {
	id, err := b.joinedRoom(ctx, who)
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", because(errGone, nil)
	}
	r, err := b.book.look(ctx).room(id)
	if err == nil && r.Encrypted {
		err = because(errSecret, nil)
	}
	return id, err
}

// notHere makes words of it that the homeserver does not find a message in the
// room: a request that it does not like, as it was made, is of an event that it
// does not know there.
func notHere(err error) error {
	var e *client.Error
	if errors.As(err, &e) && (e.Status == http.StatusBadRequest || shut(err)) {
		return because(errGone, err)
	}
	return err
}
