package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
)

// Where a note's key begins. They are on disk.
const (
	roomNotes  = "room/"  // and the room's id: a room
	chatNotes  = "chat/"  // and ghost NUL person: a chat
	ghostNotes = "ghost/" // and the ghost's id: what it is called
	joinNotes  = "join/"  // and room NUL ghost: an invitation that is to be answered
)

// membership is what somebody is to a room, in the words of Matrix.
type membership string

// The memberships that mean something here.
const (
	joined  membership = "join"
	invited membership = "invite"
	left    membership = "leave"
	banned  membership = "ban"
)

// known tells whether it is one of them. Whoever knocks is not in yet, and of others
// nobody knows.
func (m membership) known() bool { return m.in() || m == left || m == banned }

// in tells whether somebody gets what is said in the room, now or after joining.
func (m membership) in() bool { return m == joined || m == invited }

// room is what is known of a room that a ghost is or was in: the events of the
// homeserver have told it, in their order.
type room struct {
	Ghost    bridges.UserID `json:"ghost"`
	Person   bridges.UserID `json:"person,omitempty"` // with whom it is a chat
	GhostIs  membership     `json:"ghostIs,omitempty"`
	PersonIs membership     `json:"personIs,omitempty"`
	// Encrypted is for ever: a room never becomes readable again.
	Encrypted bool `json:"encrypted,omitempty"`
	// Secret is the event by which the user was told that it is encrypted: that which
	// encrypted it, or the first encrypted message in it.
	Secret string `json:"secret,omitempty"`
	// Invite is the event that invited the ghost, while the invitation is to be
	// answered. What is said meanwhile is read afterwards, from the room.
	Invite string `json:"invite,omitempty"`
}

// chat is where a ghost and a person talk: the room in which either spoke last.
type chat struct {
	Room string `json:"room,omitempty"`
	// Making says that a room was about to be made. Perhaps there is one.
	Making bool `json:"making,omitempty"`
}

// ghost is what the homeserver has been told of a ghost. There is none of one
// that was not made.
type ghost struct {
	Name    string `json:"name"`              // its display name
	Called  string `json:"called,omitempty"`  // what the owner is called; empty: that was not said
	Picture string `json:"picture,omitempty"` // the hash of the one it has
}

// pair is a ghost and a person.
type pair struct{ ghost, person bridges.UserID }

// under is the key of what is noted of the two. It separates by what no id has.
func (p pair) under(notes string) string { return notes + string(p.ghost) + "\x00" + string(p.person) }

func (p pair) key() string { return p.under(chatNotes) }

// invitation is to a ghost, into a room.
type invitation struct {
	room  string
	ghost bridges.UserID
}

func (i invitation) key() string { return joinNotes + i.room + "\x00" + string(i.ghost) }

func invitationOf(key string) (i invitation, ok bool) {
	room, ghost, ok := strings.Cut(strings.TrimPrefix(key, joinNotes), "\x00")
	return invitation{room, bridges.UserID(ghost)}, ok
}

// notesKept bounds how many notes are in memory.
const notesKept = 8192

// book is the notes of the bridge, and the newest of them in memory.
type book struct {
	notes bridges.Notes
	cache *cache.Cache[string, []byte] // nil: there is no such note
	index index
	mu    sync.Mutex // held while the notes change, or one is read from the disk
	last  int64      // see number
}

func newBook(n bridges.Notes) *book {
	return &book{notes: n, cache: cache.New[string, []byte](notesKept), index: index{of: map[bridges.UserID]map[bridges.UserID]struct{}{}}}
}

// change changes notes: all that f sets is on disk when it returns nil, and none
// with an error. One change at a time: f does not block on anything else.
func (b *book) change(ctx context.Context, f func(p *page) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &page{ctx: ctx, book: b, changes: map[string][]byte{}}
	if err := f(p); err != nil {
		return err
	}
	if len(p.changes) == 0 {
		return nil
	}
	if err := b.notes.Keep(ctx, p.changes); err != nil {
		for key := range p.changes {
			b.cache.Delete(key) // nobody knows
		}
		return err
	}
	for key, value := range p.changes {
		b.cache.Set(key, value)
		b.index.note(key, value != nil)
	}
	return nil
}

// number is higher than all before it, also than those of a predecessor unless the clock
// was set back. The caller changes the book.
func (b *book) number() int64 {
	b.last = max(b.last+1, time.Now().UnixNano())
	return b.last
}

// forget forgets one note.
func (b *book) forget(ctx context.Context, key string) error {
	return b.change(ctx, func(p *page) error { return p.set(key, nil) })
}

// look reads notes.
func (b *book) look(ctx context.Context) *page { return &page{ctx: ctx, book: b} }

// load reads a note past the memory. The caller holds the lock.
func (b *book) load(ctx context.Context, key string) ([]byte, error) {
	if value, ok := b.cache.Get(key); ok {
		return value, nil
	}
	value, _, err := b.notes.Note(ctx, key)
	if err == nil {
		b.cache.Set(key, value)
	}
	return value, err
}

// page is notes as they are, with changes that are not on disk yet. Without a map
// of changes it is for reading.
type page struct {
	ctx     context.Context
	book    *book
	changes map[string][]byte
	forgets bool // a room is among them that is forgotten
}

// get decodes a note into v, which stays as it is when there is none.
func (p *page) get(key string, v any) error {
	value, changed := p.changes[key]
	if !changed {
		var err error
		if value, err = p.read(key); err != nil {
			return err
		}
	}
	if value == nil {
		return nil
	}
	if err := json.Unmarshal(value, v); err != nil {
		return fmt.Errorf("the note %q: %w", key, err)
	}
	return nil
}

func (p *page) read(key string) ([]byte, error) {
	if value, ok := p.book.cache.Get(key); ok {
		return value, nil
	}
	if p.changes == nil {
		p.book.mu.Lock()
		defer p.book.mu.Unlock()
	}
	return p.book.load(p.ctx, key)
}

// set notes v; nil: nothing any more.
func (p *page) set(key string, v any) error {
	if v == nil {
		p.changes[key] = nil
		return nil
	}
	value, err := json.Marshal(v)
	p.changes[key] = value
	return err
}

// room returns what is known of a room. One without a Ghost is unknown.
func (p *page) room(id string) (r room, err error) {
	err = p.get(roomNotes+id, &r)
	return r, err
}

func (p *page) setRoom(id string, r room) error { return p.set(roomNotes+id, r) }

func (p *page) chat(who pair) (c chat, err error) {
	err = p.get(who.key(), &c)
	return c, err
}

// setChat notes where two talk; the zero chat: nowhere. Where they talked is kept.
func (p *page) setChat(who pair, c chat) error {
	was, err := p.chat(who)
	if err == nil && was.Room != "" && was.Room != c.Room {
		err = p.leaves(who, was.Room)
	}
	if err != nil {
		return err
	}
	if c == (chat{}) {
		return p.set(who.key(), nil)
	}
	return p.set(who.key(), c)
}

// ghost returns what was told of a ghost; one without a Name was not made.
func (p *page) ghost(id bridges.UserID) (g ghost, err error) {
	err = p.get(ghostNotes+string(id), &g)
	return g, err
}
