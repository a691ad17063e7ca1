package matrix

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

// earlierNotes begins the note of the rooms in which two talked before, before ghost NUL
// person: what was sent there without an answer may have been said.
const earlierNotes = "earlier/"

// earlierKept is how long that is of use: longer than the gateway tries to send a text.
// earlierRooms bounds them.
const (
	earlierKept  = 7 * 24 * time.Hour
	earlierRooms = 4
)

// earlier is what is noted of them.
type earlier struct {
	Rooms []string  `json:"rooms"` // the newest first
	At    time.Time `json:"at"`    // when the two left that
}

func (e earlier) recent() bool { return time.Since(e.At) < earlierKept }

func earlierKey(who pair) string { return who.under(earlierNotes) }

func (p *page) earlier(who pair) (e earlier, err error) {
	err = p.get(earlierKey(who), &e)
	return e, err
}

// leaves notes that two do not talk in a room any more.
func (p *page) leaves(who pair, id string) error {
	e, err := p.earlier(who)
	if err != nil {
		return err
	}
	rooms := append([]string{id}, slices.DeleteFunc(e.Rooms, func(room string) bool { return room == id })...)
	return p.set(earlierKey(who), earlier{rooms[:min(len(rooms), earlierRooms)], time.Now()})
}

// rooms returns those in which a text to a person may have been said.
func (p *page) rooms(who pair) (all []string, err error) {
	c, err := p.chat(who)
	if err != nil {
		return nil, err
	}
	if c.Room != "" {
		all = []string{c.Room}
	}
	e, err := p.earlier(who)
	if err != nil || !e.recent() {
		return all, err
	}
	return append(all, slices.DeleteFunc(e.Rooms, func(room string) bool { return room == c.Room })...), nil
}

// certainty is what is known of a room in which the outcome of every text since the start
// is known.
type certainty struct {
	asked time.Time // when it was asked whether it is encrypted, which it was not; zero: never
	life  uint64    // and in which life of the homeserver
}

// certain notes that nothing that a ghost has said in these rooms is in doubt.
func (b *Bridge) certain(ghost bridges.UserID, rooms []string) {
	for _, room := range rooms {
		here := invitation{room, ghost}
		if _, sure := b.sure.Get(here); !sure {
			b.sure.Set(here, certainty{})
		}
	}
}

// said returns the rooms in which something may have been said to a person, and the events
// with which the first of these things were; none if none was.
func (s *session) said(ctx context.Context, who pair, all []content) (rooms []string, ids []bridges.MessageID, err error) {
	if rooms, err = s.b.book.look(ctx).rooms(who); err != nil {
		return nil, nil, err
	}
	ids, err = s.saidIn(ctx, rooms, all)
	return rooms, ids, err
}

// saidIn looks into rooms, unless nothing is in doubt there. A homeserver knows a
// transaction again for half an hour, but not after it was started again itself, nor in
// another room. One thing is said after the other: what was before one of them was said,
// too, if not where it can be read.
func (s *session) saidIn(ctx context.Context, rooms []string, all []content) ([]bridges.MessageID, error) {
	ids, n := []bridges.MessageID(nil), 0
	for _, room := range rooms {
		if _, sure := s.b.sure.Get(invitation{room, s.ghost}); sure {
			continue
		}
		there, err := said(ctx, s.b.as(s.ghost), room, userID(s.ghost), all)
		if err != nil && !refuses(err) {
			return nil, err
		}
		if ids == nil {
			ids = make([]bridges.MessageID, len(all))
		}
		for i, id := range there {
			ids[i], n = id, max(n, i+1)
			s.b.unread.passes(room, id, true)
		}
	}
	return ids[:n], nil
}

// said returns the events in a room with which a ghost has said these things, by their
// places. They would be the last that it has said there.
func said(ctx context.Context, u *client.User, room, ghost string, all []content) (map[int]bridges.MessageID, error) {
	ids, from := map[int]bridges.MessageID{}, ""
	for range pages {
		p, err := u.Messages(ctx, room, from, client.Back, pageSize)
		if err != nil {
			return nil, err
		}
		for _, e := range p.Events {
			if e.Type != typeMessage || e.Sender != ghost {
				continue
			}
			key := keyOf(e)
			if key == "" { // a notice, or redacted
				continue
			}
			n := slices.IndexFunc(all, func(c content) bool { return c.Key == key })
			if n < 0 {
				return ids, nil
			}
			if ids[n] = bridges.MessageID(e.ID); n == 0 {
				return ids, nil
			}
		}
		if from = p.End; from == "" {
			break
		}
	}
	return ids, nil
}

// keyOf returns the key of an event of ours; "" if there is none.
func keyOf(e event.Event) string {
	var c struct {
		Key string `json:"org.causeway.key"`
	}
	_ = json.Unmarshal(e.Content, &c)
	return c.Key
}
