package matrix

import (
	"slices"
	"sync"

	"causeway/bridges"
	"causeway/bridges/cache"
)

const (
	// unreadKept bounds the texts of a chat that are remembered until somebody has
	// read them, and unreadChats the chats.
	unreadKept, unreadChats = 64, 1 << 13
)

// unread are the texts of this process that nobody has read as far as we know,
// oldest first. Matrix reports no delivery: that somebody has read a text is all
// that is ever known of it, and is said of the newest only.
type unread struct {
	mu    sync.Mutex
	chats *cache.Cache[pair, []bridges.MessageID]
}

func newUnread() *unread { return &unread{chats: cache.New[pair, []bridges.MessageID](unreadChats)} }

// add remembers texts that the homeserver has.
func (u *unread) add(who pair, events ...bridges.MessageID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	old, _ := u.chats.Get(who)
	all := slices.Clone(old)
	for _, id := range events {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	u.chats.Set(who, all[max(0, len(all)-unreadKept):])
}

// upTo returns, and forgets, what has been read when this event has, which is the
// last of them: it may be one that nobody here remembers.
func (u *unread) upTo(who pair, event bridges.MessageID) []bridges.MessageID {
	u.mu.Lock()
	defer u.mu.Unlock()
	all, _ := u.chats.Get(who)
	at := slices.Index(all, event)
	if at < 0 {
		return []bridges.MessageID{event}
	}
	if rest := all[at+1:]; len(rest) > 0 {
		u.chats.Set(who, slices.Clone(rest))
	} else {
		u.chats.Delete(who)
	}
	return all[:at+1]
}

// arrived tells that texts have: their reader has them.
func (r *reading) arrived(x room, account bridges.AccountID, event bridges.MessageID) {
	for _, id := range r.b.unread.upTo(pair{x.Ghost, x.Person}, event) {
		r.keep = append(r.keep, bridges.Delivery{Account: account, Event: bridges.Receipt{
			ID: id, Chat: bridges.ChatID(x.Person), State: bridges.Delivered,
		}})
	}
}
