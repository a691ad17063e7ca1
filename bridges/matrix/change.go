package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

// relation is what an event has to do with an earlier one (m.relates_to).
type relation struct {
	Type  string `json:"rel_type,omitempty"`
	Event string `json:"event_id,omitempty"`
	Key   string `json:"key,omitempty"` // of a reaction

	InReplyTo   *replyTo `json:"m.in_reply_to,omitempty"`
	FallingBack bool     `json:"is_falling_back,omitempty"`
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

// editFrame is what an edit may have, in bytes, beside what the event is then.
const editFrame = 1 << 10

// editing makes of what an event is to be the content that changes it to that, which
// calls nobody once more. What is for programs that do not know edits is shorter, if it
// must be.
func (c content) editing(of bridges.MessageID) content {
	fresh := c
	fresh.Key = ""
	c.Mentions = &mentions{}
	c.Body, c.New, c.Relates = fallbackEdit+c.Body, &fresh, &relation{Type: relReplace, Event: string(of)}
	if c.Formatted != "" {
		c.Formatted = fallbackEdit + c.Formatted
	}
	if !c.within(maxContent + editFrame) {
		c.Body, c.Format, c.Formatted = fallbackEdit+longEdit, "", ""
	}
	return c
}

// longEdit is for programs that do not know edits, instead of a long text.
const longEdit = "(This message was changed. It is too long to be shown here.)"

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
	now.Formatted = loose(strings.TrimPrefix(string(c.Formatted), fallbackEdit))
	return of, now
}

// Retract implements bridges.Retractor. Whoever redacts twice has done it once.
func (s *session) Retract(ctx context.Context, r bridges.Retraction) error {
	s.work.Add(1)
	defer s.work.Done()
	bridges.Waits(ctx)
	err := s.redact(ctx, pair{s.ghost, bridges.UserID(r.Chat)}, r.Of, r.Key)
	return s.b.failed(notHere(err), bridges.Unknown)
}

// redact takes a text of the ghost's away, and before it its edits, which can be read
// without it, and are found by it only. The homeserver knows them: so whoever is killed
// in between goes on where he was.
func (s *session) redact(ctx context.Context, who pair, of bridges.MessageID, key string) error {
	room, err := s.b.roomWith(ctx, who, of)
	if err != nil {
		return s.b.failed(err, bridges.Temporary)
	}
	if err := s.redactEdits(ctx, room.id, of, key); err != nil {
		return err
	}
	_, err = s.b.as(s.ghost).Redact(ctx, room.id, string(of), transaction(who.ghost, key), "")
	return err
}

// redactEdits takes all edits of a text of the ghost's away, page by page, as long as there is
// time: the next try goes on.
func (s *session) redactEdits(ctx context.Context, room string, of bridges.MessageID, key string) error {
	u := s.b.as(s.ghost)
	for from := ""; ; {
		all, next, err := u.RelationsFrom(ctx, room, string(of), relReplace, typeMessage, from)
		if refuses(err) && from == "" {
			return nil
		}
		if err != nil {
			return s.b.failed(err, bridges.Temporary)
		}
		for _, e := range all {
			if personOf(e.Sender) != s.ghost {
				continue
			}
			if _, err := u.Redact(ctx, room, e.ID, transaction(s.ghost, key+"\x01"+e.ID), ""); err != nil {
				return err
			}
		}
		if next == "" || next == from {
			return nil
		}
		from = next
	}
}

// placed is a room, its id, and the event in it that was looked for.
type placed struct {
	id string
	room
	event event.Event
}

// errFound ends a search.
var errFound = errors.New("found")

// roomWith returns the room of a chat in which an event is: that in which was
// spoken last, or an older one in which the ghost still is.
func (b *Bridge) roomWith(ctx context.Context, who pair, of bridges.MessageID) (found placed, err error) {
	last, err := b.joinedRoom(ctx, who)
	if err != nil {
		return found, err
	}
	try := func(id string, r room) error {
		e, err := b.as(who.ghost).Event(ctx, id, string(of))
		switch {
		case err == nil:
			found = placed{id, r, e}
			return errFound
		case refuses(err):
			return nil
		}
		return err
	}
	if last != "" {
		r, err := b.book.look(ctx).room(last)
		if err != nil {
			return found, err
		}
		if err := try(last, r); err != nil {
			return found, unless(err, errFound)
		}
	}
	err = b.book.notes.EachNote(ctx, roomNotes, func(key string, value []byte) error {
		var r room
		id := strings.TrimPrefix(key, roomNotes)
		if json.Unmarshal(value, &r) != nil || (pair{r.Ghost, r.Person}) != who || r.GhostIs != joined || id == last {
			return nil
		}
		return try(id, r)
	})
	if err == nil {
		return found, because(errGone, nil)
	}
	return found, unless(err, errFound)
}

// unless returns err, or nil when it is that one.
func unless(err, that error) error {
	if errors.Is(err, that) {
		return nil
	}
	return err
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
