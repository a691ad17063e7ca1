package matrix

import (
	"encoding/json"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// member is the content of m.room.member.
type member struct {
	Membership membership `json:"membership"`
}

// notice notes what an event says of a room: who is in it, and whether it was replaced.
// What it sets depends on the event and on what came before it, so that events that
// come again end in the same.
func (b *Bridge) notice(p *page, e event.Event) error {
	if e.StateKey == nil {
		return nil
	}
	r, err := p.room(e.Room)
	if err != nil {
		return err
	}
	switch {
	case e.Type == typeMember:
		var m member
		if json.Unmarshal(e.Content, &m) != nil || !m.Membership.known() {
			return nil
		}
		if who := personOf(*e.StateKey); b.ours(who) {
			return b.noticeGhost(p, e, r, who, m.Membership)
		} else if r.Ghost != "" {
			return b.noticePerson(p, e, r, who, m.Membership)
		}
	case e.Type == typeTombstone && *e.StateKey == "" && r.Ghost != "":
		return p.unsettle(e.Room, pair{r.Ghost, r.Person})
	}
	return nil
}

// noticeGhost notes that a ghost is in a room now, or no longer, or is invited. A
// room is the chat of one ghost: another one in it changes nothing, and declines.
func (b *Bridge) noticeGhost(p *page, e event.Event, r room, who bridges.UserID, m membership) error {
	from := personOf(e.Sender)
	if m == invited && !b.ghosts.owns(from) {
		if ok, err := b.hearsOut(p, pair{who, from}); err != nil || !ok {
			return err // the invitation stays unanswered
		}
		b.joins.heard(e.Room)
		if err := p.set(invitation{e.Room, who}.key(), e.ID); err != nil {
			return err
		}
	}
	if err := p.bans(e, r, who, m); err != nil {
		return err
	}
	if r.Ghost != "" && r.Ghost != who && r.GhostIs.in() {
		return nil
	}
	if r.Ghost != who {
		r = room{Ghost: who, Encrypted: r.Encrypted}
	}
	r.GhostIs = m
	switch {
	case m == joined:
		return p.setRoom(e.Room, r)
	case m != invited:
		return p.abandon(e.Room, r)
	case b.ghosts.owns(from):
		return p.setRoom(e.Room, r)
	}
	r.Person, r.PersonIs, r.Invite = from, joined, e.ID
	return p.setRoom(e.Room, r)
}

// hearsOut tells whether a person may invite a ghost now, or the bot. One with
// whom the ghost has a chat always may.
func (b *Bridge) hearsOut(p *page, who pair) (bool, error) {
	if b.isBot(who.ghost) {
		return b.limit.takes(who.person, time.Now()), nil
	}
	c, err := p.chat(who)
	if err != nil || c.Room != "" {
		return err == nil, err
	}
	return b.guests.takes(who.person, time.Now()), nil
}

// noticePerson notes what a person is to a room. Whom the ghost invites first is
// the one with whom it is the chat.
func (b *Bridge) noticePerson(p *page, e event.Event, r room, who bridges.UserID, m membership) error {
	switch {
	case r.Person == who:
	case r.Person == "" && m == invited && personOf(e.Sender) == r.Ghost:
		r.Person = who
		if err := p.settleOn(e.Room, pair{r.Ghost, who}, false); err != nil {
			return err
		}
	default:
		return nil
	}
	if r.PersonIs = m; b.isBot(r.Ghost) && !m.in() {
		return b.withdraw(p, e.Room, r)
	}
	return p.setRoom(e.Room, r)
}

// settleOn makes a room the one in which two talk; newest: even if they have one.
func (p *page) settleOn(id string, who pair, newest bool) error {
	c, err := p.chat(who)
	if err != nil || c.Room == id || c.Room != "" && !newest {
		return err
	}
	return p.setChat(who, chat{Room: id})
}

// abandon notes that the ghost is out of a room. Of that nothing is left: when it
// is invited again, all is told again.
func (p *page) abandon(id string, r room) error {
	if err := p.unsettle(id, pair{r.Ghost, r.Person}); err != nil {
		return err
	}
	p.forgets = true
	return p.set(roomNotes+id, nil)
}

// unsettle notes that a room is not where two talk.
func (p *page) unsettle(id string, who pair) error {
	c, err := p.chat(who)
	if err != nil || c.Room != id {
		return err
	}
	return p.setChat(who, chat{})
}
