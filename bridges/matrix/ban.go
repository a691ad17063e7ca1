package matrix

import (
	"context"
	"encoding/json"
	"fmt"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// banNotes begins the note that a person has banned a ghost, before ghost NUL person: it
// invites that person nowhere. The note outlives contact and account, as the ban does.
const banNotes = "ban/"

// ban is what is noted of it.
type ban struct {
	Room string `json:"room"` // the newest one
}

func banKey(who pair) string { return who.under(banNotes) }

// bans reads from the membership of a ghost whether a person bans it, lifts that, or
// invites it anew. Whoever bans a ghost from somebody else's chat is not with whom it talks.
func (p *page) bans(e event.Event, r room, who bridges.UserID, m membership) error {
	from := pair{who, personOf(e.Sender)}
	if m == banned {
		if r.Person != "" && r.Person != from.person {
			return nil
		}
		return p.setBan(from, e.Room)
	}
	was, err := p.ban(from)
	if err != nil || was.Room == "" || m == left && was.Room != e.Room || m == joined {
		return err
	}
	return p.set(banKey(from), nil)
}

// setBan notes a ban of a ghost that there is: anybody can ban whom they invent.
func (p *page) setBan(who pair, room string) error {
	g, err := p.ghost(who.ghost)
	if err != nil || g.Name == "" {
		return err
	}
	return p.set(banKey(who), ban{room})
}

func (p *page) ban(who pair) (x ban, err error) {
	err = p.get(banKey(who), &x)
	return x, err
}

// mayInvite wants a person to be there, and not to have banned the ghost.
func (b *Bridge) mayInvite(ctx context.Context, who pair) error {
	switch x, err := b.book.look(ctx).ban(who); {
	case err != nil:
		return err
	case x.Room != "":
		return because(errBanned, fmt.Errorf("%s is banned from %s", who.ghost, x.Room))
	}
	return b.present(ctx, who.person)
}

// outcast tells whether a ghost that is not let speak in a room is banned there by the
// person, of which the event may be still to come. A homeserver may not say by whom.
func (b *Bridge) outcast(ctx context.Context, id string, who pair) (bool, error) {
	e, err := b.as(who.ghost).StateEvent(ctx, id, typeMember, userID(who.ghost))
	if refuses(err) {
		return false, nil
	}
	var m member
	if err != nil || json.Unmarshal(e.Content, &m) != nil || m.Membership != banned {
		return false, err
	}
	return e.Sender == "" || personOf(e.Sender) == who.person, nil
}
