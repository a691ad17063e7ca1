package matrix

import (
	"context"
	"errors"
	"strings"
	"time"

	"causeway/bridges"
)

// leaveNotes begins the note that a ghost is to leave rooms, before ghost NUL person:
// those with the person. Without a person it is the end of the ghost's account.
const leaveNotes = "leave/"

// leaving is what is noted of it.
type leaving struct {
	At time.Time `json:"at"` // since when
}

// Why a ghost leaves, in words for the person.
const (
	leaveRemoved = "This chat was ended on XMPP. Invite me again to write to me."
	leaveEnded   = "This person does not use Matrix through the gateway any more."
)

// settleTime is how long the gateway may still know an account that ends.
const settleTime = time.Minute

// errUndecided says that nobody knows yet whether a room is to be left.
var errUndecided = errors.New("matrix: a room is being made, or an account has yet to end")

func leaveKey(who pair) string { return who.under(leaveNotes) }

func leaveOf(key string) (who pair, ok bool) {
	ghost, person, ok := strings.Cut(strings.TrimPrefix(key, leaveNotes), "\x00")
	return pair{bridges.UserID(ghost), bridges.UserID(person)}, ok
}

// Leave implements bridges.Leaver: the ghost leaves all rooms with the person, in which
// nothing is said any more.
func (b *Bridge) Leave(ctx context.Context, account bridges.Account, person bridges.UserID) error {
	return b.leave(ctx, pair{account.Self, person}, (*page).forgetChat)
}

// End implements bridges.Ender: the ghost leaves all rooms, and is called by its
// address, without a picture. It stays the account's, whose owner may register again.
func (b *Bridge) End(ctx context.Context, account bridges.Account) error {
	return b.leave(ctx, pair{ghost: account.Self}, (*page).forgetChats)
}

// leave notes that a ghost is to leave rooms, and that their chats are no more.
func (b *Bridge) leave(ctx context.Context, who pair, forget func(p *page, who pair) error) error {
	err := b.book.change(ctx, func(p *page) error {
		g, err := p.ghost(who.ghost)
		if err != nil || g.Name == "" {
			return err // it is in no room
		}
		return errors.Join(forget(p, who), p.set(leaveKey(who), leaving{time.Now()}))
	})
	if err != nil {
		return b.failed(err, bridges.Temporary)
	}
	b.typists.forget(who)
	nudge(b.leaves.due)
	return nil
}

// withdraw notes that the bot is to leave a room whose person is gone.
func (b *Bridge) withdraw(p *page, id string, r room) error {
	who := pair{r.Ghost, r.Person}
	b.leaves.expect()
	return errors.Join(p.setRoom(id, r), p.unsettle(id, who), p.set(leaveKey(who), leaving{time.Now()}))
}

// forgetChat forgets that two have a chat.
func (p *page) forgetChat(who pair) error {
	return errors.Join(p.setChat(who, chat{}), p.set(offerKey(who), nil))
}

// forgetChats forgets all chats of a ghost.
func (p *page) forgetChats(who pair) error {
	forget := func(key string, _ []byte) error { return p.set(key, nil) }
	who.person = ""
	var err error
	for _, key := range []string{who.key(), offerKey(who), earlierKey(who)} {
		err = errors.Join(err, p.book.notes.EachNote(p.ctx, key, forget))
	}
	return err
}

// depart has a ghost leave the rooms of a note, and tells whether that is done with.
func (b *Bridge) depart(ctx context.Context, key string) bool {
	who, ok := leaveOf(key)
	if !ok {
		return true
	}
	ended, err := b.ended(ctx, key, who)
	if err == nil {
		err = b.leaveRooms(ctx, who, ended)
	}
	if err == nil && ended {
		err = b.undress(ctx, who.ghost)
	}
	if err == nil {
		err = b.book.forget(ctx, key)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, errUndecided) {
		b.log.Warn("rooms will be left later", "ghost", who.ghost, "person", who.person, "err", err)
	}
	return err == nil
}

// ended tells whether a ghost's account is no more. One that is there long after its
// end is a new one.
func (b *Bridge) ended(ctx context.Context, key string, who pair) (bool, error) {
	if who.person != "" {
		return false, nil
	}
	var since leaving
	_, there, err := b.host.Owner(ctx, who.ghost)
	if err = errors.Join(err, b.book.look(ctx).get(key, &since)); err == nil && there && time.Since(since.At) < settleTime {
		err = errUndecided
	}
	return !there, err
}

// leaveRooms leaves them one by one: all of an account that has ended. Who is killed in
// between finds those that are left.
func (b *Bridge) leaveRooms(ctx context.Context, who pair, all bool) error {
	u := b.as(who.ghost)
	rooms, err := u.Rooms(ctx)
	if err != nil {
		return err
	}
	why := leaveRemoved
	if who.person == "" {
		why = leaveEnded
	}
	for _, id := range rooms {
		is, err := b.over(ctx, id, who)
		switch {
		case all:
		case err != nil:
			return err
		case !is:
			continue
		}
		if err := u.Leave(ctx, id, why); err != nil && !shut(err) {
			return err
		}
		if err := b.out(ctx, id, who.ghost); err != nil {
			return err
		}
	}
	return nil
}

// over tells whether nothing more is to be said in a room in which a ghost is: it is
// of those that are to be left, and the two have not begun anew there.
func (b *Bridge) over(ctx context.Context, id string, who pair) (bool, error) {
	notes := b.book.look(ctx)
	r, err := notes.room(id)
	if err != nil {
		return false, err
	}
	if r.Ghost != "" && r.Ghost != who.ghost || who.person != "" && r.Person != who.person {
		return false, nil
	}
	c, err := notes.chat(pair{who.ghost, r.Person})
	if err == nil && c.Making {
		err = errUndecided
	}
	return c.Room != id, err
}

// out notes that a ghost is not in a room any more, as the homeserver will say.
func (b *Bridge) out(ctx context.Context, id string, ghost bridges.UserID) error {
	return b.book.change(ctx, func(p *page) error {
		r, err := p.room(id)
		if err != nil || r.Ghost != ghost {
			return err
		}
		return p.abandon(id, r)
	})
}

// undress takes away what the owner of an account that has ended has shown, and what
// was noted of it: the ghost is the owner's when there is an account again, which
// shows itself anew.
func (b *Bridge) undress(ctx context.Context, id bridges.UserID) error {
	defer b.dressing.of(id)()
	g, err := b.book.look(ctx).ghost(id)
	if err != nil || g.Name == "" {
		return err
	}
	if _, there, err := b.host.Owner(ctx, id); err != nil || there {
		return err
	}
	u := b.as(id)
	if g.Picture != "" {
		if err := u.SetAvatar(ctx, ""); err != nil {
			return err
		}
	}
	if account, ok := b.ghosts.account(id); ok && g.Called != "" {
		if err := u.SetName(ctx, b.nameOf(account, "")); err != nil {
			return err
		}
	}
	return b.book.change(ctx, func(p *page) error { return p.set(ghostNotes+string(id), nil) })
}
