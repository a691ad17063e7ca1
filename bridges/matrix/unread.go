package matrix

import (
	"slices"
	"sync"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/bridges/matrix/event"
)

const (
	// unreadKept bounds the texts of a room that are remembered until somebody has
	// read them, and unreadRooms the rooms.
	unreadKept, unreadRooms = 64, 1 << 13
	// behindKept bounds the events behind each of them that mean it, and othersKept all that are
	// known to be no texts of ours.
	behindKept, othersKept = 8, 1 << 14
)

// unread are the texts of this process that nobody has read as far as we know,
// oldest first. Matrix reports no delivery: that somebody has read a text is all
// that is ever known of it, and is said of the newest event only, which may be none.
type unread struct {
	mu     sync.Mutex
	rooms  *cache.Cache[string, []unreadText]
	others *cache.Cache[uint64, struct{}] // hashes of events that are no texts of ours
}

// unreadText is one of them.
type unreadText struct {
	id     bridges.MessageID
	part   bool     // it is not the last of its message
	pushed bool     // what is pushed from now on came behind it
	behind []uint64 // hashes of the newest events that did, before the next text
}

// readMark says that a person has read a room up to an event.
type readMark struct {
	room string
	upTo bridges.MessageID
}

func newUnread() *unread {
	return &unread{
		rooms:  cache.New[string, []unreadText](unreadRooms),
		others: cache.New[uint64, struct{}](othersKept),
	}
}

// add remembers a message that the homeserver has, by its parts; one without an id
// has none that can be read.
func (u *unread) add(room string, parts ...bridges.MessageID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, id := range parts {
		if id != "" {
			u.text(room, id, func(x *unreadText) { x.part = i < len(parts)-1 })
		}
	}
}

// text has f change a text of a room. The caller holds the lock.
func (u *unread) text(room string, id bridges.MessageID, f func(*unreadText)) {
	all, _ := u.rooms.Get(room)
	i := slices.IndexFunc(all, func(x unreadText) bool { return x.id == id })
	if i < 0 {
		all = append(all, unreadText{id: id})
		all = slices.Clone(all[max(0, len(all)-unreadKept):])
		i = len(all) - 1
	}
	f(&all[i])
	u.rooms.Set(room, all)
}

// passes notes where the homeserver has an event among the texts of its room. It may
// push one before it has answered us.
func (u *unread) passes(room string, id bridges.MessageID, text bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if text {
		u.text(room, id, func(x *unreadText) { x.pushed = true })
		return
	}
	is := hash(string(id))
	u.others.Set(is, struct{}{})
	all, _ := u.rooms.Get(room)
	for i := range slices.Backward(all) {
		if x := &all[i]; x.pushed {
			x.behind = append(x.behind, is)
			x.behind = x.behind[max(0, len(x.behind)-behindKept):]
			return
		}
	}
}

// upTo returns what has been read when an event has, and the last of it that is a
// whole message; "": there is none. An event of which nothing is known may be a text
// of a predecessor's.
func (u *unread) upTo(m readMark) (texts []bridges.MessageID, last bridges.MessageID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	read, _ := u.split(m)
	for _, x := range read {
		if texts = append(texts, x.id); !x.part {
			last = x.id
		}
	}
	if _, other := u.others.Get(hash(string(m.upTo))); len(texts) > 0 || other {
		return texts, last
	}
	return []bridges.MessageID{m.upTo}, m.upTo
}

// split divides the texts of a room at an event. The caller holds the lock.
func (u *unread) split(m readMark) (read, rest []unreadText) {
	all, _ := u.rooms.Get(m.room)
	is := hash(string(m.upTo))
	i := slices.IndexFunc(all, func(x unreadText) bool { return x.id == m.upTo || slices.Contains(x.behind, is) })
	return all[:i+1], all[i+1:]
}

// read forgets what has been read when an event has.
func (u *unread) read(m readMark) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if read, rest := u.split(m); len(rest) == 0 {
		u.rooms.Delete(m.room)
	} else if len(read) > 0 {
		u.rooms.Set(m.room, slices.Clone(rest))
	}
}

// passes notes where an event stands among our texts.
func (b *Bridge) passes(e event.Event) {
	text := e.Type == typeMessage && e.StateKey == nil && b.ours(personOf(e.Sender)) && keyOf(e) != ""
	b.unread.passes(e.Room, bridges.MessageID(e.ID), text)
}
