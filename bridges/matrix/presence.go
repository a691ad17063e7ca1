package matrix

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/matrix/event"
)

const (
	// presenceRenewal is when the homeserver is told again who is there. Synapse
	// takes somebody for gone who says nothing for 30 s (presence.sync_online_timeout).
	presenceRenewal = 20 * time.Second
	// presenceLimit bounds the ghosts that are there: of more the homeserver is
	// told once, and takes them for gone soon.
	presenceLimit = 1000
	// presenceRefused is how many ghosts in a row the homeserver refuses that takes no
	// presence: Synapse refuses that of a single one that it does not know. It is asked
	// again after presencePause.
	presenceRefused, presencePause = 3, time.Hour
	// chatsIndexed bounds the chats whose ghosts hear of a person's presence.
	chatsIndexed = 1 << 17
)

// The presences of the client-server API (Spec, Presence), by what they are here.
var presenceOf = map[bridges.Show]string{
	bridges.Available: "online", bridges.Busy: "online", bridges.Away: "unavailable", bridges.Unavailable: "offline",
}

// shows is the other way. COMPAT: busy is of MSC3026, which some homeservers have.
var shows = map[string]bridges.Show{
	"online": bridges.Available, "unavailable": bridges.Away, "offline": bridges.Unavailable,
	"busy": bridges.Busy, "org.matrix.msc3026.busy": bridges.Busy,
}

// standing is what the homeserver was told of a ghost.
type standing struct{ presence, status string }

// presents are the ghosts that are there.
type presents struct {
	b   *Bridge
	mu  sync.Mutex
	who map[bridges.UserID]standing
	off time.Time // until then the homeserver is told nothing: it takes no presence
	due chan struct{}

	refused map[bridges.UserID]struct{} // ghosts that it refused since it took one
}

func newPresents(b *Bridge) *presents {
	return &presents{b: b, who: map[bridges.UserID]standing{}, refused: map[bridges.UserID]struct{}{}, due: make(chan struct{}, 1)}
}

// Present implements bridges.Presenter. While the homeserver is away it is told
// later.
func (b *Bridge) Present(ctx context.Context, account bridges.Account, show bridges.Show, status string) error {
	x := standing{presenceOf[show], status}
	if !b.presents.note(account.Self, x) {
		return nil
	}
	if _, err := b.State(); err != nil {
		return nil
	}
	g, err := b.book.look(ctx).ghost(account.Self)
	if err == nil && g.Name == "" && show == bridges.Unavailable {
		return nil // nobody knows it
	}
	if err == nil {
		err = b.appear(ctx, account.Self, account.ID)
	}
	if err == nil {
		err = b.presents.tell(ctx, account.Self, x)
	}
	return b.failed(err, bridges.Temporary)
}

// note notes what is to be told of a ghost. False: nothing is.
func (p *presents) note(ghost bridges.UserID, x standing) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.who, ghost)
	if x.presence != presenceOf[bridges.Unavailable] && len(p.who) < presenceLimit {
		p.who[ghost] = x
	}
	return !p.silent()
}

// silent tells whether the homeserver takes no presence. The caller holds the lock.
func (p *presents) silent() bool { return time.Now().Before(p.off) }

// tell tells the homeserver. One that does not want to know is told nothing more for a while.
func (p *presents) tell(ctx context.Context, ghost bridges.UserID, x standing) error {
	ctx, cancel := context.WithTimeout(ctx, signTime)
	defer cancel()
	err := p.b.as(ghost).Present(ctx, x.presence, x.status)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !refuses(err) {
		if err == nil {
			clear(p.refused)
		}
		return err
	}
	if p.refused[ghost] = struct{}{}; len(p.refused) >= presenceRefused && !p.silent() {
		p.off = time.Now().Add(presencePause)
		clear(p.refused)
		p.b.log.Info("the homeserver takes no presence: nobody sees there who of XMPP is online", "err", err, "again", presencePause)
	}
	return nil
}

// renew tells again who is there, until ctx ends. While the homeserver is away
// nothing is told.
func (p *presents) renew(ctx context.Context) {
	tick := time.NewTicker(presenceRenewal)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-p.due: // the homeserver is there again
		}
		p.again(ctx)
	}
}

// again tells of each that is there, until that fails.
func (p *presents) again(ctx context.Context) {
	for ghost, x := range p.all() {
		if ctx.Err() != nil {
			return
		}
		if err := p.tell(ctx, ghost, x); err != nil {
			_ = p.b.failed(err, bridges.Temporary) // the homeserver may be away
			return
		}
	}
}

// all returns who is there, if the homeserver wants to know.
func (p *presents) all() map[bridges.UserID]standing {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[bridges.UserID]standing, len(p.who))
	for ghost, x := range p.who {
		if !p.silent() {
			all[ghost] = x
		}
	}
	return all
}

// Probe implements bridges.Prober. The ghost asks if it has a room with the person: what
// others may see of it, as the bot, is not for whoever adds it.
func (b *Bridge) Probe(ctx context.Context, account bridges.Account, person bridges.UserID) (is bridges.Presence, err error) {
	if !isPerson(string(person)) {
		return is, because(errNobody, nil)
	}
	if b.presents.deaf() {
		return is, nil
	}
	room, err := b.joinedRoom(ctx, pair{account.Self, person})
	if err != nil || room == "" {
		return is, b.failed(err, bridges.Temporary)
	}
	p, err := b.as(account.Self).Presence(ctx, userID(person))
	switch {
	case refuses(err):
		return is, nil
	case err != nil:
		return is, b.failed(err, bridges.Temporary)
	case !p.Known:
		return is, nil
	}
	return bridges.Presence{Person: person, Show: shows[p.Presence], Status: p.Status}, nil
}

// deaf tells whether the homeserver has no presence.
func (p *presents) deaf() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.silent()
}

// presence reads how much a person is there, for all who have a chat with it.
func (r *reading) presence(e event.Event) error {
	var c struct {
		Presence string `json:"presence"`
		Status   string `json:"status_msg"`
	}
	person := personOf(e.Sender)
	if json.Unmarshal(e.Content, &c) != nil || shows[c.Presence] == 0 || r.b.ghosts.owns(person) {
		return nil
	}
	for _, ghost := range r.b.book.index.ghosts(person) {
		account, err := r.owner(ghost)
		if err != nil {
			return err
		}
		if account != "" {
			r.hints = append(r.hints, bridges.Delivery{Account: account, Event: bridges.Presence{
				Person: person, Show: shows[c.Presence], Status: c.Status,
			}})
		}
	}
	return nil
}

// index knows who has a chat with a person.
type index struct {
	mu   sync.Mutex
	of   map[bridges.UserID]map[bridges.UserID]struct{} // ghosts by person
	size int
}

// load reads the chats that are noted.
func (b *book) loadIndex(ctx context.Context) error {
	return b.notes.EachNote(ctx, chatNotes, func(key string, _ []byte) error {
		b.index.note(key, true)
		return nil
	})
}

// note takes a note that is there now, or no longer. Only those of chats count.
func (x *index) note(key string, there bool) {
	rest, isChat := strings.CutPrefix(key, chatNotes)
	ghost, person, ok := strings.Cut(rest, "\x00")
	if !isChat || !ok {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	g, p := bridges.UserID(ghost), bridges.UserID(person)
	_, known := x.of[p][g]
	switch {
	case there && !known && x.size < chatsIndexed:
		if x.of[p] == nil {
			x.of[p] = map[bridges.UserID]struct{}{}
		}
		x.of[p][g] = struct{}{}
		x.size++
	case !there && known:
		if delete(x.of[p], g); len(x.of[p]) == 0 {
			delete(x.of, p)
		}
		x.size--
	}
}

// ghosts returns who has a chat with a person.
func (x *index) ghosts(person bridges.UserID) (all []bridges.UserID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for g := range x.of[person] {
		all = append(all, g)
	}
	return all
}
