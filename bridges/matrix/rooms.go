package matrix

import (
	"context"
	"fmt"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
)

// soon is when a chat that is being opened is tried again.
const soon = time.Second

// notOpen says that a chat is being opened.
func notOpen() error {
	e := because(errJoining, nil)
	e.After = soon
	return e
}

// place is a room to write to. New says that nothing was ever said in it.
type place struct {
	room string
	new  bool
}

// open returns the room of a chat: the one that there is, with the person invited
// again who has left it, or a new one.
func (s *session) open(ctx context.Context, who pair) (place, error) {
	notes := s.b.book.look(ctx)
	c, err := notes.chat(who)
	if err != nil {
		return place{}, err
	}
	if c.Room == "" {
		return s.found(ctx, who)
	}
	r, err := notes.room(c.Room)
	switch {
	case err != nil:
		return place{}, err
	case r.Encrypted:
		return s.found(ctx, who)
	case r.GhostIs == invited:
		return place{}, notOpen()
	case r.GhostIs != joined:
		return s.found(ctx, who)
	case !r.PersonIs.in():
		return s.again(ctx, c.Room, who)
	}
	return place{room: c.Room}, nil
}

// again has a person back who has left the room; in a new one where the ghost may
// not invite.
func (s *session) again(ctx context.Context, id string, who pair) (place, error) {
	if err := s.b.mayInvite(ctx, who); err != nil {
		return place{}, err
	}
	err := s.b.recall(ctx, id, who)
	if !shut(err) {
		return place{room: id}, err
	}
	if err := s.quit(ctx, id, who); err != nil {
		return place{}, err
	}
	return s.found(ctx, who)
}

// invite is the content of m.room.member for somebody whom we invite. The call for
// that cannot say that it is a chat of two.
type invite struct {
	Membership membership `json:"membership"`
	Direct     bool       `json:"is_direct"`
}

// recall invites a person who is not in the room.
func (b *Bridge) recall(ctx context.Context, id string, who pair) error {
	if _, err := b.as(who.ghost).SendState(ctx, id, typeMember, userID(who.person), invite{invited, true}); err != nil {
		return err
	}
	return b.book.change(ctx, func(p *page) error {
		r, err := p.room(id)
		if err != nil || r.Ghost != who.ghost || r.PersonIs == joined {
			return err
		}
		r.PersonIs = invited
		return p.setRoom(id, r)
	})
}

// found makes the room of a chat. That a room is about to be made is noted before:
// who is killed in between looks for it.
func (s *session) found(ctx context.Context, who pair) (place, error) {
	defer s.b.founding.of(who.ghost)()
	c, there, err := s.b.founded(ctx, who)
	if err != nil || there {
		return place{room: c.Room}, err
	}
	switch refused, err := s.b.book.look(ctx).refused(who); {
	case err != nil:
		return place{}, err
	case refused:
		return place{}, because(errSecret, nil)
	}
	if err := s.b.mayInvite(ctx, who); err != nil {
		return place{}, err
	}
	if err := s.b.appears(ctx, who.ghost, s.account); err != nil {
		return place{}, err
	}
	if c.Making {
		if id, ok, err := s.orphan(ctx, who); err != nil || ok {
			return place{room: id}, err
		}
	}
	if err := s.b.book.change(ctx, func(p *page) error { return p.setChat(who, chat{Making: true}) }); err != nil {
		return place{}, err
	}
	id, err := s.b.as(who.ghost).CreateRoom(ctx, client.Room{
		Preset: "trusted_private_chat", Invite: []string{userID(who.person)}, Direct: true,
	})
	if err != nil {
		return place{}, err
	}
	if err := s.b.readable(ctx, id, who.ghost); err != nil {
		return place{}, err
	}
	s.b.anchors.begin(id, "")
	return place{room: id, new: true}, s.b.adopt(ctx, id, who, invited)
}

// founded returns what is noted of a chat, and whether the ghost can speak in its room: a
// text and an answer may have needed one at the same time.
func (b *Bridge) founded(ctx context.Context, who pair) (c chat, there bool, err error) {
	notes := b.book.look(ctx)
	if c, err = notes.chat(who); err != nil || c.Room == "" {
		return c, false, err
	}
	r, err := notes.room(c.Room)
	return c, r.GhostIs == joined && !r.Encrypted, err
}

// readable leaves a new room that the homeserver has encrypted by itself.
func (b *Bridge) readable(ctx context.Context, id string, ghost bridges.UserID) error {
	u := b.as(ghost)
	secret, err := encrypted(ctx, u, id)
	if err != nil || !secret {
		return err
	}
	b.log.Warn("the homeserver encrypts rooms by itself: nobody can be written to first", "room", id)
	if err := u.Leave(ctx, id, leaveSecret); err != nil && !shut(err) {
		return err
	}
	return because(errForced, nil)
}

// adopt makes a room the chat of two. What the homeserver has told of it meanwhile
// is newer.
func (b *Bridge) adopt(ctx context.Context, id string, who pair, m membership) error {
	return b.book.change(ctx, func(p *page) error {
		r, err := p.room(id)
		if err != nil {
			return err
		}
		if r.Person != who.person {
			r = room{Ghost: who.ghost, Person: who.person, GhostIs: joined, PersonIs: m, Encrypted: r.Encrypted}
			if err := p.setRoom(id, r); err != nil {
				return err
			}
		}
		return p.settleOn(id, who, true)
	})
}

// orphan looks for the room that somebody made who did not live to note it: the
// ghost is in it, and the person invited, or nobody else when that failed.
func (s *session) orphan(ctx context.Context, who pair) (id string, ok bool, err error) {
	u := s.b.as(who.ghost)
	rooms, err := u.Rooms(ctx)
	if err != nil {
		return "", false, err
	}
	for _, id := range rooms {
		r, err := s.b.book.look(ctx).room(id)
		if err != nil {
			return "", false, err
		}
		if r.Encrypted || r.Person != "" && r.Person != who.person {
			continue
		}
		all, err := u.Members(ctx, id)
		if err != nil {
			return "", false, err
		}
		m, fits := fits(all, who)
		if !fits {
			continue
		}
		if err := s.b.adopt(ctx, id, who, m); err != nil {
			return "", false, err
		}
		if m.in() {
			return id, true, nil
		}
		return id, true, s.b.recall(ctx, id, who)
	}
	return "", false, nil
}

// fits tells whether a room with these members is for these two, and what the
// person is in it.
func fits(all []client.Member, who pair) (m membership, ok bool) {
	m = left
	for _, x := range all {
		switch is := membership(x.Membership); {
		case x.User == userID(who.ghost):
			ok = is == joined
		case x.User == userID(who.person):
			m = is
		case is.in():
			return m, false
		}
	}
	return m, ok
}

// present wants a person to be there, as far as our own homeserver knows: it would
// invite anybody.
func (b *Bridge) present(ctx context.Context, id bridges.UserID) error {
	if serverOf(id) != b.ghosts.server {
		return nil
	}
	switch _, err := b.server.As("").Profile(ctx, userID(id)); {
	case missing(err):
		return because(errAbsent, fmt.Errorf("%s: %w", id, err))
	case refuses(err):
		return nil // profiles may be private
	default:
		return err
	}
}
