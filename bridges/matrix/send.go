package matrix

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

// session acts for one account.
type session struct {
	b       *Bridge
	account bridges.AccountID
	ghost   bridges.UserID
	work    sync.WaitGroup
}

// Open implements bridges.Bridge. It does not block: the ghost is made when
// something is to be said.
func (b *Bridge) Open(_ context.Context, a bridges.Account) (bridges.Session, error) {
	if !b.ghosts.owns(a.Self) {
		return nil, because(errSelf, fmt.Errorf("account %s is %q, which is outside of %s", a.ID, a.Self, b.ghosts.prefix))
	}
	return &session{b: b, account: a.ID, ghost: a.Self}, nil
}

// Close implements bridges.Session.
func (s *session) Close() error {
	s.work.Wait()
	return nil
}

// Send implements bridges.Session: one event for one text, or several for a long one.
func (s *session) Send(ctx context.Context, m bridges.Message) (ids []bridges.MessageID, err error) {
	s.work.Add(1)
	defer s.work.Done()
	if _, err := s.b.Resolve(string(m.Chat)); err != nil {
		return nil, err
	}
	who := pair{s.ghost, bridges.UserID(m.Chat)}
	bridges.Waits(ctx)
	all := writeAll(m, s.ghost)
	if m.File != nil {
		if all[0], err = s.attach(ctx, who, all[0], m.File); err != nil {
			return nil, err
		}
	}
	ids, err = s.say(ctx, who, all...)
	if err != nil {
		return nil, s.b.failed(err, bridges.Unknown)
	}
	s.b.unread.add(who, ids...)
	s.b.typists.stop(ctx, who)
	return ids, nil
}

// transaction returns the id of a transaction. Homeservers tell those of all our
// ghosts apart by that alone.
func transaction(ghost bridges.UserID, key string) string {
	sum := sha256.Sum256([]byte(string(ghost) + "\x00" + key))
	return hex.EncodeToString(sum[:16])
}

// say sends into the room of a chat; into a new one when the ghost is no longer
// let speak there.
func (s *session) say(ctx context.Context, who pair, all ...content) ([]bridges.MessageID, error) {
	at, err := s.open(ctx, who)
	if err != nil {
		return nil, s.b.failed(err, bridges.Temporary) // nothing was said
	}
	ids, err := s.once(ctx, at, who, all...)
	if !shut(err) || at.new {
		return ids, err
	}
	if err := s.quit(ctx, at.room, who); err != nil {
		return nil, s.b.failed(err, bridges.Temporary)
	}
	if at, err = s.open(ctx, who); err != nil {
		return nil, s.b.failed(err, bridges.Temporary)
	}
	return s.once(ctx, at, who, all...)
}

// quit leaves a room in which the ghost cannot speak. One that the person has banned does
// not begin anew.
func (s *session) quit(ctx context.Context, id string, who pair) error {
	out, err := s.b.outcast(ctx, id, who)
	if err != nil {
		return err
	}
	if err := s.b.as(s.ghost).Leave(ctx, id, leaveMute); err != nil && !shut(err) {
		return err
	}
	return s.b.book.change(ctx, func(p *page) error {
		if out {
			if err := p.setBan(who, id); err != nil {
				return err
			}
		}
		r, err := p.room(id)
		if err != nil {
			return err
		}
		return p.abandon(id, r)
	})
}

// once sends events, one after the other, unless they are in the room already. A
// homeserver knows a transaction again for half an hour, but not after it was started
// again itself: so what may be there is looked for.
func (s *session) once(ctx context.Context, at place, who pair, all ...content) (ids []bridges.MessageID, err error) {
	u, here := s.b.as(who.ghost), invitation{at.room, who.ghost}
	life := s.b.anchors.now()
	was, sure := s.b.sure.Get(here)
	if !sure && !at.new {
		if ids, err = said(ctx, u, at.room, userID(who.ghost), all); err != nil || len(ids) == len(all) {
			return ids, err
		}
	}
	if asked := sure && was == life; !asked && !at.new {
		if err := s.unlocked(ctx, at.room, who); err != nil {
			return nil, err
		}
	}
	for _, c := range s.following(ctx, at, all)[len(ids):] {
		id, err := u.Send(ctx, at.room, typeMessage, c.Key, c)
		if err != nil {
			s.b.sure.Delete(here)
			return nil, err
		}
		ids = append(ids, bridges.MessageID(id))
	}
	s.b.sure.Set(here, life)
	return ids, nil
}

// said returns the events with which a ghost has said the first of these things; none
// if it has said none of them. One thing is said after the other: they would be the
// last.
func said(ctx context.Context, u *client.User, room, ghost string, all []content) (ids []bridges.MessageID, err error) {
	from := ""
	for range pages {
		p, err := u.Messages(ctx, room, from, client.Back, pageSize)
		if err != nil {
			return nil, err
		}
		for _, e := range p.Events {
			if e.Type != typeMessage || e.Sender != ghost {
				continue
			}
			n := slices.IndexFunc(all, func(c content) bool { return c.Key == keyOf(e) })
			if n < 0 {
				return nil, nil
			}
			if all = all[:n]; ids == nil {
				ids = make([]bridges.MessageID, n+1)
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
