package matrix

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"causeway/bridges"
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
	rooms, done, err := s.said(ctx, who, all)
	if err != nil {
		return nil, s.b.failed(err, bridges.Temporary) // nothing was said
	}
	if m.File != nil && len(done) == 0 {
		if all[0], err = s.attach(ctx, who, all[0], m.File); err != nil {
			return nil, err
		}
	}
	if ids, err = s.say(ctx, who, done, all); err != nil {
		return nil, s.b.failed(err, bridges.Unknown)
	}
	s.b.certain(s.ghost, rooms)
	ids = slices.DeleteFunc(ids, func(id bridges.MessageID) bool { return id == "" })
	s.b.typists.stop(ctx, who)
	return ids, nil
}

// transaction returns the id of a transaction. Homeservers tell those of all our
// ghosts apart by that alone.
func transaction(ghost bridges.UserID, key string) string {
	sum := sha256.Sum256([]byte(string(ghost) + "\x00" + key))
	return hex.EncodeToString(sum[:16])
}

// say sends into the room of a chat what was not said yet; into a new one when the
// ghost is no longer let speak there.
func (s *session) say(ctx context.Context, who pair, done []bridges.MessageID, all []content) ([]bridges.MessageID, error) {
	if len(done) == len(all) {
		return done, nil
	}
	at, err := s.open(ctx, who)
	if err != nil {
		return nil, s.b.failed(err, bridges.Temporary) // nothing was said
	}
	ids, err := s.once(ctx, at, who, done, all)
	if !shut(err) || at.new {
		return ids, err
	}
	if err := s.quit(ctx, at.room, who); err != nil {
		return nil, s.b.failed(err, bridges.Temporary)
	}
	if _, done, err = s.said(ctx, who, all); err != nil {
		return nil, s.b.failed(err, bridges.Temporary)
	}
	if at, err = s.open(ctx, who); err != nil {
		return nil, s.b.failed(err, bridges.Temporary)
	}
	return s.once(ctx, at, who, done, all)
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

// once sends events, one after the other, behind those that were said.
func (s *session) once(ctx context.Context, at place, who pair, done []bridges.MessageID, all []content) ([]bridges.MessageID, error) {
	here := invitation{at.room, s.ghost}
	x, _ := s.b.sure.Get(here)
	life := s.b.anchors.now()
	switch now := time.Now(); {
	case at.new:
		x = certainty{now, life}
	case s.b.mustAsk(x, life):
		x = certainty{now, life}
		if err := s.unlocked(ctx, at.room, who); err != nil {
			return nil, s.b.failed(err, bridges.Temporary) // nothing was said
		}
	}
	was := len(done)
	for _, c := range s.following(ctx, at, all)[was:] {
		id, err := s.b.as(s.ghost).Send(ctx, at.room, typeMessage, c.Key, c)
		if err != nil {
			s.b.sure.Delete(here)
			return nil, err
		}
		done = append(done, bridges.MessageID(id))
	}
	s.b.sure.Set(here, x)
	s.b.unread.add(at.room, done[was:]...)
	return done, nil
}
