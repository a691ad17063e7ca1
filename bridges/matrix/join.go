package matrix

import (
	"context"
	"sync"
)

// joins answers invitations: they are errands.
type joins struct {
	b *Bridge
	*errands

	mu   sync.Mutex
	news map[string]struct{} // rooms of invitations in which something was said since they were read
}

func newJoins(b *Bridge) *joins {
	j := &joins{b: b, news: map[string]struct{}{}}
	j.errands = newErrands(b, joinNotes, j.answer)
	j.stranger = j.inviter
	return j
}

// inviter is the homeserver of who invites, unless it is ours: a room of another one
// is joined as fast as that likes.
func (j *joins) inviter(ctx context.Context, key string) string {
	i, _ := invitationOf(key)
	r, err := j.b.book.look(ctx).room(i.room)
	if server := serverOf(r.Person); err == nil && server != j.b.ghosts.server {
		return server
	}
	return ""
}

// heard says that there is something to read in a room to which a ghost is
// invited. The caller holds the book: see finished.
func (j *joins) heard(room string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.news[room] = struct{}{}
	j.expect()
}

// quiet tells whether nothing was heard of a room since the last call.
func (j *joins) quiet(room string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, heard := j.news[room]
	delete(j.news, room)
	return !heard
}

// answer answers the invitation of a note, and tells whether it is done with.
func (j *joins) answer(ctx context.Context, key string) bool {
	i, ok := invitationOf(key)
	if !ok {
		return true // it is no note of ours
	}
	err := j.accept(ctx, i)
	if err == nil {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	if refuses(err) {
		j.b.log.Info("an invitation is no longer there", "room", i.room, "ghost", i.ghost, "err", err)
		err = j.forget(ctx, i)
	}
	if err != nil {
		j.b.log.Warn("an invitation will be answered later", "room", i.room, "ghost", i.ghost, "err", err)
	}
	return err == nil
}
