package matrix

import (
	"context"
	"maps"
	"sync"
	"time"

	"causeway/bridges"
)

const (
	// typingTime is how long the homeserver shows that somebody types, and
	// renewal when it is told again.
	typingTime, renewal = 2 * time.Minute, time.Minute
	// typistLimit bounds the chats in which somebody types.
	typistLimit = 1000
	// signTime bounds a call for what is of no use later.
	signTime = 5 * time.Second
)

// Typing implements bridges.Typist.
func (s *session) Typing(ctx context.Context, chat bridges.ChatID, composing bool) error {
	s.work.Add(1)
	defer s.work.Done()
	who := pair{s.ghost, bridges.UserID(chat)}
	if !composing {
		s.b.typists.stop(ctx, who)
		return nil
	}
	room, err := s.b.joinedRoom(ctx, who)
	if err != nil || room == "" {
		return s.b.failed(err, bridges.Temporary)
	}
	return s.b.failed(s.b.typists.start(ctx, who, room), bridges.Temporary)
}

// Displayed implements bridges.Reader.
func (s *session) Displayed(ctx context.Context, chat bridges.ChatID, upTo bridges.MessageID) error {
	s.work.Add(1)
	defer s.work.Done()
	room, err := s.b.readIn(ctx, pair{s.ghost, bridges.UserID(chat)}, upTo)
	if err != nil || room == "" {
		return s.b.failed(err, bridges.Temporary)
	}
	return s.b.failed(s.b.as(s.ghost).Read(ctx, room, string(upTo)), bridges.Temporary)
}

// readIn returns the room in which an event is that was read; "": none in which the ghost
// still is. The homeserver is asked only for one that came before a start, or long ago.
func (b *Bridge) readIn(ctx context.Context, who pair, event bridges.MessageID) (string, error) {
	last, err := b.joinedRoom(ctx, who)
	if err != nil {
		return "", err
	}
	id, known := b.taken.Get(string(event))
	if !known && last != "" && b.anchors.anchor(last).event == hash(string(event)) {
		id, known = last, true
	}
	if !known {
		found, err := b.roomWith(ctx, who, event)
		if bridges.KindOf(err) == bridges.Rejected {
			return "", nil
		}
		return found.id, err
	}
	r, err := b.book.look(ctx).room(id)
	if err != nil || r.Ghost != who.ghost || r.GhostIs != joined {
		return "", err
	}
	return id, nil
}

// joinedRoom returns the room of a chat, if the ghost is in one.
func (b *Bridge) joinedRoom(ctx context.Context, who pair) (string, error) {
	notes := b.book.look(ctx)
	c, err := notes.chat(who)
	if err != nil || c.Room == "" {
		return "", err
	}
	r, err := notes.room(c.Room)
	if err != nil || r.GhostIs != joined {
		return "", err
	}
	return c.Room, nil
}

// typists are the ghosts that type, as the homeserver was told.
type typists struct {
	b    *Bridge
	mu   sync.Mutex
	room map[pair]string
}

// start tells the homeserver that a ghost types, until stop.
func (t *typists) start(ctx context.Context, who pair, room string) error {
	t.mu.Lock()
	full := len(t.room) >= typistLimit
	if !full {
		t.room[who] = room
	}
	t.mu.Unlock()
	if full {
		return nil
	}
	return t.tell(ctx, who, room, true)
}

// stop tells it that the ghost no longer does, if it was told that.
func (t *typists) stop(ctx context.Context, who pair) {
	t.mu.Lock()
	room, typed := t.room[who]
	delete(t.room, who)
	t.mu.Unlock()
	if typed {
		_ = t.tell(ctx, who, room, false) // it ends by itself
	}
}

// forget forgets that a ghost types, with one person or, without one, with anybody:
// it leaves, which ends that.
func (t *typists) forget(who pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.room, func(k pair, _ string) bool {
		return k.ghost == who.ghost && (who.person == "" || k.person == who.person)
	})
}

func (t *typists) tell(ctx context.Context, who pair, room string, on bool) error {
	ctx, cancel := context.WithTimeout(ctx, signTime)
	defer cancel()
	return t.b.as(who.ghost).Typing(ctx, room, on, typingTime)
}

// renew tells again who types, until ctx ends.
func (t *typists) renew(ctx context.Context) {
	tick := time.NewTicker(renewal)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for who, room := range t.all() {
			if ctx.Err() == nil {
				_ = t.tell(ctx, who, room, true)
			}
		}
	}
}

// all returns who types, and where.
func (t *typists) all() map[pair]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.room)
}
