package matrix

import (
	"cmp"
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

// What users are told of encryption.
const (
	turned = "(This chat is encrypted on Matrix now, and cannot be read here any more. " + writeOn + ")"
	// writeOn is true of a chat that is not encrypted, askAnew where the person has
	// encrypted that, too.
	writeOn = "Just write on: your texts go to another chat with this person that is not encrypted, and are seen there as soon as the person has accepted the invitation."
	askAnew = "The chat that was offered instead is encrypted, too. Ask the person to begin one with you that is not."
)

func secretKey(i invitation) string { return secretNotes + i.room + "\x00" + string(i.ghost) }

func offerKey(who pair) string { return who.under(offerNotes) }

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

// turns reads that a room is encrypted from now on. The user is told, once, if it is where
// the two talk: of another room the first encrypted message tells.
func (r *reading) turns(e event.Event) error {
	x, account, err := r.room(e.Room)
	if err != nil || x.Ghost == "" {
		return err
	}
	who := pair{x.Ghost, x.Person}
	c, err := r.page.chat(who)
	if err != nil {
		return err
	}
	if x.Secret == "" && c.Room == e.Room && account != "" && x.GhostIs == joined {
		x.Secret = e.ID
	}
	if err := r.b.shun(r.page, e.Room, x); err != nil || x.Secret != e.ID {
		return err
	}
	m, err := r.page.tellsOf(e, who)
	_, err = r.says(account, m, err)
	return err
}

// tellsOf is what a user is told when a room is found to be encrypted.
func (p *page) tellsOf(e event.Event, who pair) (bridges.Event, error) {
	text, err := p.advised(turned, who, e.Room)
	return bridges.Message{
		ID: bridges.MessageID(e.ID), Chat: bridges.ChatID(who.person), From: who.person, Text: text, Unstyled: true, Sent: e.Time,
	}, err
}

// advised makes the advice in a text to a user true: a room is encrypted, and not where
// the two talk any more.
func (p *page) advised(text string, who pair, id string) (string, error) {
	var o offer
	c, err := p.chat(who)
	if err = errors.Join(err, p.get(offerKey(who), &o)); err != nil {
		return "", err
	}
	if (c.Room == "" || c.Room == id) && o.recent() && (o.Refused || o.Room == id) {
		text = strings.Replace(text, writeOn, askAnew, 1)
	}
	return text, nil
}

// unlocked fails for a room that was encrypted while nobody here listened, which is
// left then: nothing may be said there in clear text. The user is told, if there is one,
// and the next try finds another room.
func (s *session) unlocked(ctx context.Context, id string, who pair) error {
	e, secret, err := encryption(ctx, s.b.as(who.ghost), id)
	if err != nil || !secret {
		return err
	}
	notes := s.b.book.look(ctx)
	r, err := notes.room(id)
	if err == nil && r.Secret == "" && s.account != "" {
		err = s.tellTurned(ctx, notes, e, who)
	}
	if err != nil {
		return err
	}
	err = s.b.book.change(ctx, func(p *page) error {
		r, err := p.room(id)
		if err != nil {
			return err
		}
		r.Secret = cmp.Or(r.Secret, e.ID, id)
		return s.b.shun(p, id, r)
	})
	if err != nil {
		return err
	}
	s.b.secrets.wake()
	return notOpen()
}

// tellTurned tells the user. Where the homeserver does not say by which event the room was
// encrypted, the room's id tells a repetition.
func (s *session) tellTurned(ctx context.Context, notes *page, e event.Event, who pair) error {
	e.ID = cmp.Or(e.ID, "encrypted "+e.Room)
	m, err := notes.tellsOf(e, who)
	if err != nil {
		return err
	}
	return s.b.host.Deliver(ctx, []bridges.Delivery{{Account: s.account, Event: m}})
}

// secret reads an encrypted message, and tells whether the user is to hear of it: of
// the first one in a room of which nothing was told.
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
	s := &session{b: b, account: account, ghost: who.ghost}
	at, err := s.open(ctx, who)
	if err != nil {
		return err
	}
	if secret, err := encrypted(ctx, b.as(who.ghost), at.room); err != nil {
		return err
	} else if secret {
		return s.spurned(ctx, at.room, who, o)
	}
	notice := content{MsgType: "m.notice", Body: offered}
	if _, err := b.as(who.ghost).Send(ctx, at.room, typeMessage, transaction(who.ghost, "offer "+at.room), notice); err != nil {
		return err
	}
	o.Room = at.room
	return b.noteOffer(ctx, who, o)
}

// spurned notes that a room was encrypted before it was said there why it is offered.
func (s *session) spurned(ctx context.Context, id string, who pair, o offer) error {
	o.Room = id // which has shun see that it is refused
	if err := s.b.noteOffer(ctx, who, o); err != nil {
		return err
	}
	return s.unlocked(ctx, id, who)
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

// onceSecret is what an encrypted message tells a user whom nothing else has told of that.
func (p *page) onceSecret(e event.Event, said bridges.Event) (bridges.Event, error) {
	r, err := p.room(e.Room)
	switch {
	case err != nil:
		return nil, err
	case r.Secret == e.ID, r.Ghost == "": // the ghost was thrown out meanwhile
		return said, nil
	case r.Secret != "":
		return nil, nil
	}
	r.Secret = e.ID
	return said, p.setRoom(e.Room, r)
}
