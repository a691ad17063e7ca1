package matrix

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

// recallNotes begins the note that a person is to be invited back, before the room's
// id.
const recallNotes = "recall/"

// unheard notes that a ghost has spoken in a room which the person had just left, and
// nobody here had heard of that. Nobody reads it there: so the person is invited back,
// as whoever has left is before a text.
func (r *reading) unheard(e event.Event, ghost bridges.UserID) error {
	if e.Type != typeMessage || r.b.isBot(ghost) {
		return nil
	}
	x, err := r.page.room(e.Room)
	if err != nil || x.Ghost != ghost || !x.deserted() {
		return err
	}
	r.b.recalls.expect()
	return r.page.set(recallNotes+e.Room, e.ID)
}

// deserted tells whether a ghost is alone in a chat.
func (r room) deserted() bool { return r.GhostIs == joined && r.PersonIs == left && !r.Encrypted }

// callBack invites the person back of whom a note is, and tells whether that is done
// with.
func (b *Bridge) callBack(ctx context.Context, key string) bool {
	id := strings.TrimPrefix(key, recallNotes)
	r, err := b.book.look(ctx).room(id)
	if who := (pair{r.Ghost, r.Person}); err == nil && r.deserted() {
		if err = b.mayInvite(ctx, who); err == nil {
			err = b.recall(ctx, id, who)
		}
	}
	if kind := bridges.KindOf(err); refuses(err) || kind == bridges.Forbidden || kind == bridges.NotFound {
		b.log.Info("a person cannot be invited back", "room", id, "person", r.Person, "err", err)
		err = nil
	}
	if err == nil {
		err = b.book.forget(ctx, key)
	}
	if err != nil && ctx.Err() == nil {
		b.log.Warn("a person will be invited back later", "room", id, "person", r.Person, "err", err)
	}
	return err == nil
}
