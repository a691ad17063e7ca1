package matrix

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
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

// Send implements bridges.Session: one event for one text.
func (s *session) Send(ctx context.Context, m bridges.Message) ([]bridges.MessageID, error) {
	s.work.Add(1)
	defer s.work.Done()
	if _, err := s.b.Resolve(string(m.Chat)); err != nil {
		return nil, err
	}
	who := pair{s.ghost, bridges.UserID(m.Chat)}
	txn := transaction(s.ghost, m.Key)
	c, err := writeReply(m.Text, txn, string(m.ReplyTo))
	if err != nil {
		return nil, err
	}
	bridges.Waits(ctx)
	id, err := s.say(ctx, who, txn, c)
	if err != nil {
		return nil, s.b.failed(err, bridges.Unknown)
	}
	s.b.typists.stop(ctx, who)
	return []bridges.MessageID{bridges.MessageID(id)}, nil
}

// transaction returns the id of a transaction. Homeservers tell those of all our
// ghosts apart by that alone.
func transaction(ghost bridges.UserID, key string) string {
	sum := sha256.Sum256([]byte(string(ghost) + "\x00" + key))
	return hex.EncodeToString(sum[:16])
}

// say sends into the room of a chat; into a new one when the ghost is no longer
// let speak there.
func (s *session) say(ctx context.Context, who pair, txn string, c content) (string, error) {
	at, err := s.open(ctx, who)
	if err != nil {
		return "", s.b.failed(err, bridges.Temporary) // nothing was said
	}
	id, err := s.once(ctx, at, who, txn, c)
	if !shut(err) || at.new {
		return id, err
	}
	if err := s.quit(ctx, at.room); err != nil {
		return "", s.b.failed(err, bridges.Temporary)
	}
	if at, err = s.open(ctx, who); err != nil {
		return "", s.b.failed(err, bridges.Temporary)
	}
	return s.once(ctx, at, who, txn, c)
}

// quit leaves a room in which the ghost cannot speak.
func (s *session) quit(ctx context.Context, id string) error {
	if err := s.b.as(s.ghost).Leave(ctx, id, leaveMute); err != nil && !shut(err) {
		return err
	}
	return s.b.book.change(ctx, func(p *page) error {
		r, err := p.room(id)
		if err != nil {
			return err
		}
		return p.abandon(id, r)
	})
}

// once sends an event, unless it is in the room already. A homeserver knows a
// transaction again for half an hour, but not after it was started again itself:
// so a text that may be there is looked for.
func (s *session) once(ctx context.Context, at place, who pair, txn string, c content) (string, error) {
	u := s.b.as(who.ghost)
	if _, sure := s.b.sure.Get(who); !sure && !at.new {
		id, err := said(ctx, u, at.room, userID(who.ghost), txn)
		if id != "" || err != nil {
			return id, err
		}
	}
	id, err := u.Send(ctx, at.room, typeMessage, txn, c)
	if err != nil {
		s.b.sure.Delete(who)
		return "", err
	}
	s.b.sure.Set(who, struct{}{})
	return id, nil
}

// said returns the event with which a ghost has said something; "" if it has not.
// One thing is said after the other: it would be the last.
func said(ctx context.Context, u *client.User, room, ghost, txn string) (string, error) {
	from := ""
	for range pages {
		p, err := u.Messages(ctx, room, from, client.Back, pageSize)
		if err != nil {
			return "", err
		}
		for _, e := range p.Events {
			if e.Type != typeMessage || e.Sender != ghost {
				continue
			}
			var c content
			if json.Unmarshal(e.Content, &c) == nil && c.Key == txn {
				return e.ID, nil
			}
			return "", nil
		}
		if from = p.End; from == "" {
			break
		}
	}
	return "", nil
}
