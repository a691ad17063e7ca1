package matrix

import (
	"context"
	"errors"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

const (
	// secretNotes begins the note that a ghost is to leave an encrypted room, before
	// room NUL ghost.
	secretNotes = "secret/"
	// offerNotes begins the note of the room that a ghost has offered instead, before
	// ghost NUL person.
	offerNotes = "offer/"
)

// offer is a room that is not encrypted, to which somebody is invited who wrote in one
// that is.
type offer struct {
	At time.Time `json:"at"`
	// Room is it, after the ghost has said there why; empty: it has not yet.
	Room string `json:"room,omitempty"`
	// Refused says that it was encrypted, too.
	Refused bool `json:"refused,omitempty"`
}

// offerGap is between two offers to one person.
const offerGap = 24 * time.Hour

func (o offer) recent() bool { return time.Since(o.At) < offerGap }

// What people of Matrix are told of encryption.
const (
	leaveSecret = "This chat is encrypted, and the gateway to XMPP cannot read it. Please write to me in a chat that is not encrypted."
	offered     = "You wrote to me in an encrypted chat, which the gateway to XMPP cannot read. Please go on here: this chat is not encrypted."
)

func secretKey(i invitation) string { return secretNotes + i.room + "\x00" + string(i.ghost) }

func offerKey(who pair) string { return offerNotes + string(who.ghost) + "\x00" + string(who.person) }

// shun notes that a ghost is to leave an encrypted room. One that is about to enter it
// sees that afterwards.
func (b *Bridge) shun(p *page, id string, r room) error {
	r.Encrypted = true
	if err := p.setRoom(id, r); err != nil || r.GhostIs != joined || r.Invite != "" {
		return err
	}
	who := pair{r.Ghost, r.Person}
	var o offer
	if err := p.get(offerKey(who), &o); err != nil {
		return err
	}
	if id == o.Room && o.recent() {
		o.Refused = true
		if err := p.set(offerKey(who), o); err != nil {
			return err
		}
	}
	b.secrets.expect()
	return errors.Join(p.unsettle(id, who), p.set(secretKey(invitation{id, r.Ghost}), struct{}{}))
}

// unlocked fails for a room that was encrypted while nobody here listened, which is
// left then: nothing may be said there in clear text. The next try finds another.
func (b *Bridge) unlocked(ctx context.Context, id string, ghost bridges.UserID) error {
	secret, err := encrypted(ctx, b.as(ghost), id)
	if err != nil || !secret {
		return err
	}
	err = b.book.change(ctx, func(p *page) error {
		r, err := p.room(id)
		if err != nil {
			return err
		}
		return b.shun(p, id, r)
	})
	if err != nil {
		return err
	}
	b.secrets.wake()
	return notOpen()
}

// secret reads an encrypted message, and tells whether the user is to hear of it: of
// the first one in a room.
func (r *reading) secret(e event.Event, x room) (first bool, err error) {
	if x.Secret == "" {
		x.Secret = e.ID
	}
	return x.Secret == e.ID, r.b.shun(r.page, e.Room, x)
}

// flee has a ghost, or the bot, leave an encrypted room, and offer another one, and
// tells whether that is done with.
func (b *Bridge) flee(ctx context.Context, key string) bool {
	id, ghost, ok := strings.Cut(strings.TrimPrefix(key, secretNotes), "\x00")
	if !ok {
		return true
	}
	i := invitation{id, bridges.UserID(ghost)}
	err := b.leaveSecret(ctx, i)
	if err == nil {
		err = b.book.forget(ctx, key)
	}
	if err != nil && ctx.Err() == nil {
		b.log.Warn("an encrypted room will be left later", "room", i.room, "ghost", i.ghost, "err", err)
	}
	return err == nil
}

func (b *Bridge) leaveSecret(ctx context.Context, i invitation) error {
	r, err := b.book.look(ctx).room(i.room)
	if err != nil || r.Ghost != i.ghost {
		return err
	}
	account, ok, err := b.host.Owner(ctx, i.ghost)
	if err != nil {
		return err
	}
	if (ok || b.isBot(i.ghost)) && r.Person != "" {
		if err := b.offer(ctx, pair{i.ghost, r.Person}, account); bridges.KindOf(b.failed(err, bridges.Temporary)) == bridges.Temporary {
			return err
		} else if err != nil {
			b.log.Info("no other room can be offered instead of an encrypted one", "ghost", i.ghost, "person", r.Person, "err", err)
		}
	}
	if err := b.as(i.ghost).Leave(ctx, i.room, leaveSecret); err != nil && !shut(err) {
		return err
	}
	return b.out(ctx, i.room, i.ghost)
}

// offer invites a person to a room that is not encrypted, unless there is one or was
// offered lately, and says why.
func (b *Bridge) offer(ctx context.Context, who pair, account bridges.AccountID) error {
	var o offer
	notes := b.book.look(ctx)
	c, err := notes.chat(who)
	if err = errors.Join(err, notes.get(offerKey(who), &o)); err != nil {
		return err
	}
	switch fresh := o.recent() && o.Room == ""; {
	case c.Room != "" && !fresh, o.recent() && !fresh:
		return nil
	case !fresh:
		o = offer{At: time.Now()}
		if err := b.noteOffer(ctx, who, o); err != nil {
			return err
		}
	}
	at, err := (&session{b: b, account: account, ghost: who.ghost}).open(ctx, who)
	if err != nil {
		return err
	}
	notice := content{MsgType: "m.notice", Body: offered}
	if _, err := b.as(who.ghost).Send(ctx, at.room, typeMessage, transaction(who.ghost, "offer "+at.room), notice); err != nil {
		return err
	}
	o.Room = at.room
	return b.noteOffer(ctx, who, o)
}

func (b *Bridge) noteOffer(ctx context.Context, who pair, o offer) error {
	return b.book.change(ctx, func(p *page) error { return p.set(offerKey(who), o) })
}

// refused tells whether a person has encrypted the room that was offered lately: then
// nothing more is.
func (p *page) refused(who pair) (bool, error) {
	var o offer
	err := p.get(offerKey(who), &o)
	return o.Refused && o.recent(), err
}

// once leaves all encrypted messages but the first away.
func once(said []event.Event) (all []event.Event) {
	secret := false
	for _, e := range said {
		if e.Type != typeEncrypted || !secret {
			all = append(all, e)
		}
		secret = secret || e.Type == typeEncrypted
	}
	return all
}
