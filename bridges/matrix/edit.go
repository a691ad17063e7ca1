package matrix

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// part is one event of a message that is edited.
type part struct {
	id    bridges.MessageID
	was   content
	stays bool // it has no words to be changed
}

// partOf reads one. Files stay, but for the first, which has the words of all beside it;
// and in the place of what was redacted nothing can be read.
func partOf(e event.Event, id bridges.MessageID, first bool) part {
	p := part{id: id}
	_ = json.Unmarshal(e.Content, &p.was) // whatever it is, it has words then
	var about struct {
		Redacted json.RawMessage `json:"redacted_because"`
	}
	_ = json.Unmarshal(e.Unsigned, &about)
	p.stays = !first && (p.was.files() || about.Redacted != nil)
	return p
}

// partsOf returns those of an edited message, of which the first was found in a room.
// One that is unknown there is taken for a text: the homeserver will say so.
func (s *session) partsOf(ctx context.Context, room placed, e bridges.Edit) ([]part, error) {
	all := []part{partOf(room.event, e.Of, true)}
	for _, id := range e.More {
		x, err := s.b.as(s.ghost).Event(ctx, room.id, string(id))
		if err != nil && !refuses(err) {
			return nil, err
		}
		all = append(all, partOf(x, id, false))
	}
	return all, nil
}

// worded returns the parts that have words.
func worded(parts []part) (all []part) {
	for _, p := range parts {
		if !p.stays {
			all = append(all, p)
		}
	}
	return all
}

// captioning makes of a text what an event is of which it becomes the text: a file keeps
// that (Client-Server API, Media captions).
func (c content) captioning(was content) content {
	if !was.files() {
		return c
	}
	c = c.beside(cmp.Or(was.name(), "file"))
	c.MsgType, c.attachment = was.MsgType, was.attachment
	return c
}

// writeEdits makes the contents that change the parts of a message that have words to
// those of its new text, and, where that has more of them, the others.
func writeEdits(m bridges.Message, ghost bridges.UserID, words []part) []content {
	all := pieces(m, ghost)
	for i, p := range words[:min(len(all), len(words))] {
		all[i] = all[i].captioning(p.was).editing(p.id)
	}
	return all
}

// edited returns the ids of an edit by the parts that the message has then: none for
// one that stays, nor for one before that which has gone.
func edited(parts []part, ids []bridges.MessageID) []bridges.MessageID {
	var all []bridges.MessageID
	n := 0 // so many are there when those at the end have gone
	for _, p := range parts {
		id := bridges.MessageID("")
		if !p.stays && len(ids) > 0 {
			id, ids = ids[0], ids[1:]
		}
		if all = append(all, id); p.was.files() || id != "" {
			n = len(all)
		}
	}
	return append(all[:n], ids...)
}

// Edit implements bridges.Editor. What is too much of the old text goes when the new
// one is there.
func (s *session) Edit(ctx context.Context, e bridges.Edit) ([]bridges.MessageID, error) {
	s.work.Add(1)
	defer s.work.Done()
	who := pair{s.ghost, bridges.UserID(e.Chat)}
	bridges.Waits(ctx)
	var parts []part
	room, err := s.b.roomWith(ctx, who, e.Of)
	if err == nil && room.Encrypted {
		err = because(errSecret, nil)
	}
	if err == nil {
		parts, err = s.partsOf(ctx, room, e)
	}
	if err != nil {
		return s.unlessEdited(ctx, who, e, s.b.failed(err, bridges.Temporary))
	}
	words := worded(parts)
	all := writeEdits(e.Message, s.ghost, words)
	if root := threadOf(room.event.Content, room.event.ID, ""); root != "" {
		for i := len(words); i < len(all); i++ {
			all[i].Relates = inThread(root)
		}
	}
	ids, err := s.saidIn(ctx, []string{room.id}, all)
	if err == nil && len(ids) < len(all) {
		ids, err = s.once(ctx, place{room: room.id}, who, ids, all)
	}
	for i := len(all); i < len(words) && err == nil; i++ {
		err = rest(s.redact(ctx, who, words[i].id, e.Key+"\x01"+string(words[i].id)))
	}
	if err != nil {
		return nil, s.b.failed(notHere(err), bridges.Unknown)
	}
	ids = edited(parts, ids)
	s.b.unread.add(room.id, ids...)
	s.b.typists.stop(ctx, who)
	return ids, nil
}

// unlessEdited returns err, or the events of an edit that was said without an answer before
// there was what speaks against it: that the room is encrypted, or the ghost out of it.
func (s *session) unlessEdited(ctx context.Context, who pair, e bridges.Edit, err error) ([]bridges.MessageID, error) {
	if kind := bridges.KindOf(err); kind != bridges.Rejected && kind != bridges.Unsupported {
		return nil, err
	}
	all := pieces(e.Message, s.ghost)
	_, ids, failed := s.said(ctx, who, all)
	switch {
	case failed != nil:
		return nil, s.b.failed(failed, bridges.Unknown)
	case len(ids) == len(all) && !slices.Contains(ids, ""):
		return ids, nil
	}
	return nil, err
}

// rest has an error say of what is too much of an edited text that it stays.
func rest(err error) error {
	var e *bridges.Error
	if shut(err) || errors.As(err, &e) && e.Kind == bridges.Rejected {
		return because(errRest, err)
	}
	return err
}
