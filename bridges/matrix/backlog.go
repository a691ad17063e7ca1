package matrix

import (
	"context"
	"errors"

	"causeway/bridges"
	"causeway/bridges/matrix/client"
	"causeway/bridges/matrix/event"
)

// pageSize is how many events of a room are read at once. pages bound where one is
// looked for that was sent a moment ago, morePages where it may be a while.
const pageSize, pages, morePages = 100, 10, 500

// backlog is what was said in a room before a ghost came.
type backlog struct {
	behind  string // the event that invited the ghost
	from    string // where to read on, as the homeserver calls the place
	account bridges.AccountID
	heard   bool // something was said
}

// catchUp delivers what was said in a room since the invitation, and again until
// nothing came meanwhile. What the homeserver pushes of the room before that is
// passed over: so the order is the room's, and nothing is doubled.
func (j *joins) catchUp(ctx context.Context, i invitation, l *backlog) error {
	if err := j.find(ctx, i, l); err != nil {
		return err
	}
	j.b.anchors.begin(i.room, l.behind)
	for {
		j.quiet(i.room)
		if err := j.tell(ctx, i, l); err != nil {
			return err
		}
		done, err := j.finished(ctx, i)
		if err == nil && done && !l.heard && j.b.isBot(i.ghost) {
			err = j.b.greet(ctx, i, l.behind)
		}
		if err != nil || done {
			return err
		}
	}
}

// find finds the page with the invitation, from the newest one backwards. Without
// it, everything that the ghost may see is behind it.
func (j *joins) find(ctx context.Context, i invitation, l *backlog) error {
	end, whole, err := j.b.back(ctx, i.ghost, i.room, pageSize, morePages, func(e event.Event) bool { return e.ID != l.behind })
	if err == nil && !whole {
		j.b.log.Warn("more was said before a ghost came than is read", "room", i.room, "read", morePages*pageSize)
	}
	l.from = end
	return err
}

// tell delivers what others have said behind the invitation, page after page. What
// comes once more is known by its id.
func (j *joins) tell(ctx context.Context, i invitation, l *backlog) error {
	u := j.b.as(i.ghost)
	for {
		p, err := u.Messages(ctx, i.room, l.from, client.Forward, pageSize)
		if err != nil {
			return err
		}
		var said []event.Event
		for _, e := range p.Events {
			switch {
			case e.ID == l.behind:
				said = nil
			case e.StateKey == nil && !j.b.ours(personOf(e.Sender)):
				said = append(said, e)
			}
		}
		l.heard = l.heard || len(said) > 0
		if err := j.deliver(ctx, i, l.account, said); err != nil {
			return err
		}
		if len(said) > 0 {
			j.b.anchors.took(i.room, said[len(said)-1].ID)
		}
		if p.End == "" {
			return nil
		}
		l.from = p.End
	}
}

// deliver delivers what was said in a room before a ghost came.
func (j *joins) deliver(ctx context.Context, i invitation, account bridges.AccountID, said []event.Event) error {
	if j.b.isBot(i.ghost) {
		return j.b.asked(ctx, i, said)
	}
	var ds []bridges.Delivery
	err := j.b.book.change(ctx, func(p *page) error {
		for _, e := range said {
			x, err := p.tells(e, told(e), i.ghost)
			if err == nil && e.Type == typeEncrypted && x != nil {
				x, err = p.onceSecret(e, x)
			}
			if err != nil {
				return err
			}
			if x != nil {
				ds = append(ds, bridges.Delivery{Account: account, Event: x})
			}
		}
		return nil
	})
	if err != nil || len(ds) == 0 {
		return err
	}
	return j.b.host.Deliver(ctx, ds)
}

// finished notes that an invitation is done with, unless something was said in the
// room since it was read: while the book is held, nothing can be heard.
func (j *joins) finished(ctx context.Context, i invitation) (done bool, _ error) {
	err := j.b.book.change(ctx, func(p *page) error {
		if done = j.quiet(i.room); !done {
			return nil
		}
		r, err := p.room(i.room)
		if err == nil && r.Ghost == i.ghost {
			if r.Invite = ""; r.Encrypted {
				err = j.b.shun(p, i.room, r)
			} else {
				err = p.setRoom(i.room, r)
			}
		}
		return errors.Join(err, p.set(i.key(), nil))
	})
	j.b.secrets.wake()
	return done && err == nil, err
}
