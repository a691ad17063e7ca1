package matrix

import (
	"context"
	"slices"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/appservice"
	"causeway/bridges/matrix/event"
)

// reading is what a batch becomes.
type reading struct {
	b      *Bridge
	ctx    context.Context
	page   *page
	owners map[bridges.UserID]bridges.AccountID // "": nobody's
	keep   []bridges.Delivery
	marks  []readMark
	hints  []bridges.Delivery
	counts map[string]int
}

// Transaction implements appservice.Handler. The first of a connection may be of
// another life of the homeserver: then it is asked for what it has not pushed, else it
// is not asked anything.
func (b *Bridge) Transaction(ctx context.Context, t *appservice.Transaction) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	if t.Fresh {
		b.anchors.doubt()
		b.failing()
	}
	t.Ephemeral = b.owed.of(t)
	delete(b.owed, t.ID)
	if !b.order.admit(t.ID, t.Fresh) {
		b.comesAgain(t)
		return errGap
	}
	skips := b.order.shared && !b.anchors.calm(calmSurely*b.calm) // one may have been left out before this one, see lookBack
	x, err := b.readBack(ctx, roomsOf(t.Events), t.Events, skips)
	if err == nil {
		x.ephemeral = t.Ephemeral
		err = b.take(ctx, x)
	}
	if err != nil {
		b.metrics.incoming.WithLabelValues(inRefused).Add(float64(len(t.Events)))
		b.order.failed(t.ID)
		b.comesAgain(t)
		return err
	}
	b.order.took(t.ID)
	b.lag.came(t.Events, time.Now())
	return nil
}

// comesAgain notes that a transaction was not taken.
func (b *Bridge) comesAgain(t *appservice.Transaction) {
	b.owed.keep(t)
	nudge(b.health.refused)
	b.failing()
}

// failing notes that the homeserver has failed to push something.
func (b *Bridge) failing() {
	b.anchors.failing()
	b.lag.fails(time.Now())
}

// roomsOf returns the rooms of events, each once.
func roomsOf(events []event.Event) (rooms []string) {
	for _, e := range events {
		if !slices.Contains(rooms, e.Room) {
			rooms = append(rooms, e.Room)
		}
	}
	return rooms
}

// take takes all of a batch, or nothing. First what the events say of rooms is on disk,
// then all that they say to users, in one call and in their order. Where a room is
// forgotten it is the other way round: a repetition would find it no more. The caller
// holds b.turn.
func (b *Bridge) take(ctx context.Context, x batch) error {
	r := &reading{b: b, ctx: ctx}
	err := b.book.change(ctx, func(p *page) error {
		if err := r.read(p, x); err != nil || !p.forgets {
			return err
		}
		return r.deliver()
	})
	if err == nil {
		err = r.deliver()
	}
	if err != nil {
		return err
	}
	b.took(x)
	for _, m := range r.marks {
		b.unread.read(m)
	}
	for result, n := range r.counts {
		b.metrics.incoming.WithLabelValues(result).Add(float64(n))
	}
	for _, d := range r.hints {
		b.host.Hint(d)
	}
	b.joins.wake()
	b.secrets.wake()
	b.leaves.wake()
	b.answers.wake()
	b.recalls.wake()
	return nil
}

// took notes that a batch was taken.
func (b *Bridge) took(x batch) {
	for _, e := range x.events {
		if _, again := b.taken.Get(e.ID); again {
			continue
		}
		b.taken.Set(e.ID, e.Room)
		if !b.ours(personOf(e.Sender)) {
			b.anchors.took(e.Room, e.ID)
		}
	}
	for _, room := range x.read {
		b.anchors.read(room, x.life)
	}
}

// deliver delivers what is to be kept, once.
func (r *reading) deliver() error {
	if len(r.keep) == 0 {
		return nil
	}
	err := r.b.host.Deliver(r.ctx, r.keep)
	if err == nil {
		r.keep = nil
	}
	return err
}

// read reads all of a batch.
func (r *reading) read(p *page, x batch) error {
	r.page, r.owners, r.counts = p, map[bridges.UserID]bridges.AccountID{}, map[string]int{}
	for _, e := range x.events {
		if _, again := r.b.taken.Get(e.ID); again {
			r.counts[inAgain]++
			continue
		}
		result, err := r.event(e)
		if err != nil {
			return err
		}
		r.counts[result]++
		r.b.passes(e)
	}
	for _, e := range x.ephemeral {
		if err := r.ephemeral(e); err != nil {
			return err
		}
	}
	return nil
}

// event reads one event of a room, and returns what became of it.
func (r *reading) event(e event.Event) (string, error) {
	from := personOf(e.Sender)
	if e.StateKey != nil {
		return inState, r.state(e)
	}
	if r.b.ours(from) {
		return inOwn, r.unheard(e, from)
	}
	said := told(e)
	if said == nil && e.Type != typeReaction && !unknown(e) {
		return inOther, nil
	}
	room, account, err := r.room(e.Room)
	switch {
	case err != nil:
		return "", err
	case room.Ghost == "":
		r.b.log.Warn("a message in a room that nobody knows is dropped", "room", e.Room, "event", e.ID)
		return inUnknown, nil
	case room.Invite != "":
		r.b.joins.heard(e.Room) // it will be read from the room, behind what came before it
		return inLater, nil
	case r.b.isBot(room.Ghost):
		return r.b.asks(r.page, e, room)
	case account == "":
		r.b.joins.heard(e.Room) // the ghost says so, and leaves
		return inNobody, r.page.set(invitation{e.Room, room.Ghost}.key(), e.ID)
	}
	if e.Type == typeEncrypted {
		if first, err := r.secret(e, room); err != nil || !first {
			return inOther, err
		}
	} else if from == room.Person && !room.Encrypted {
		if err := r.page.settleOn(e.Room, pair{room.Ghost, from}, true); err != nil {
			return "", err
		}
	}
	said, err = r.page.tells(e, said, room.Ghost)
	return r.says(account, said, err)
}

// tells is what an event tells the user of a ghost: said, or what it does with reactions,
// or that something unknown came; nil: nothing. Who is told the same again is told it in
// the same way.
func (p *page) tells(e event.Event, said bridges.Event, ghost bridges.UserID) (bridges.Event, error) {
	if reacts, err := p.reacts(e); err != nil || reacts != nil {
		return reacts, err
	}
	who := pair{ghost, personOf(e.Sender)}
	if m, ok := said.(bridges.Message); ok && e.Type == typeEncrypted {
		text, err := p.advised(m.Text, who, e.Room)
		m.Text = text
		return m, err
	}
	if said != nil {
		return said, nil
	}
	return p.odd(e, who)
}

// says delivers what an event says, if that is anything.
func (r *reading) says(account bridges.AccountID, said bridges.Event, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case said == nil:
		return inOther, nil
	}
	r.keep = append(r.keep, bridges.Delivery{Account: account, Event: said})
	return inText, nil
}

// told is what an event tells a user; nil: nothing.
func told(e event.Event) bridges.Event {
	from := personOf(e.Sender)
	if e.Type == typeRedaction && e.Redacts != "" {
		return bridges.Retraction{ID: bridges.MessageID(e.ID), Chat: bridges.ChatID(from), From: from, Of: bridges.MessageID(e.Redacts)}
	}
	c, of, ok := contentOf(e)
	text, file := c.text(), c.carried()
	if file != nil {
		text = c.caption()
	}
	if of != "" {
		file = nil // it stays what it was
	}
	if !ok || text == "" && file == nil {
		return nil
	}
	m := bridges.Message{
		ID: bridges.MessageID(e.ID), Chat: bridges.ChatID(from), From: from, Text: text, Unstyled: !c.seen.styled, File: file, Sent: e.Time,
	}
	if of != "" {
		return bridges.Edit{Message: m, Of: bridges.MessageID(of)}
	}
	return c.answered(m)
}

// state reads an event that says how a room is.
func (r *reading) state(e event.Event) error {
	if e.Type == typeMember {
		if err := r.face(e); err != nil {
			return err
		}
	}
	if e.Type == typeEncryption && *e.StateKey == "" {
		return r.turns(e)
	}
	return r.b.notice(r.page, e)
}

// face tells that a person may have another name or picture: who is in a room says it
// there again after every change.
func (r *reading) face(e event.Event) error {
	room, account, err := r.room(e.Room)
	if err == nil && account != "" && room.Person == personOf(*e.StateKey) && room.PersonIs == joined {
		r.hints = append(r.hints, bridges.Delivery{Account: account, Event: bridges.ProfileChange{Person: room.Person}})
	}
	return err
}

// room returns what is known of a room, and whose chat it is; "": nobody's.
func (r *reading) room(id string) (room, bridges.AccountID, error) {
	x, err := r.page.room(id)
	if err != nil || x.Ghost == "" {
		return x, "", err
	}
	account, err := r.owner(x.Ghost)
	return x, account, err
}

// owner returns whose ghost it is; "": nobody's.
func (r *reading) owner(ghost bridges.UserID) (bridges.AccountID, error) {
	account, known := r.owners[ghost]
	if !known {
		owner, ok, err := r.b.host.Owner(r.ctx, ghost)
		if err != nil {
			return "", err
		}
		if ok {
			account = owner
		}
		r.owners[ghost] = account
	}
	return account, nil
}
