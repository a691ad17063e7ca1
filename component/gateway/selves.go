package gateway

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/stanza"
	"causeway/component/xep/avatar"
	"causeway/component/xep/nick"
	"causeway/component/xep/pubsub"
	"causeway/component/xep/vcard"
	"causeway/mapping"
)

const (
	// cardTime bounds how long a user's server may take for the vCard, and selfTime
	// how long the network may take to show what is in it.
	cardTime, selfTime = 10 * time.Second, 30 * time.Second
	// selfQueue bounds the users who are to be looked at, and selfLimit those of
	// whom it is known what the network shows.
	selfQueue, selfLimit = 4096, 1 << 16
	// selfAge is after how long a user who comes is looked at again: of another
	// name nothing is said in presence.
	selfAge = 24 * time.Hour
)

// selves are what a network shows of our users (CanIntroduce). They are looked at
// one at a time.
type selves struct {
	mu     sync.Mutex
	known  *cache.Cache[bridges.AccountID, self]
	failed map[bridges.AccountID]bool // the network could not be told
	*lineup[bridges.AccountID]
}

// self is what is known of a user.
type self struct {
	photo string // the hash of the picture, as presence said it last
	shown string // the id of the picture, as an event told it last
	nick  string // what the user's program said
	at    time.Time
	told  [sha256.Size]byte // of what the network was told
}

func newSelves() *selves {
	return &selves{
		known: cache.New[bridges.AccountID, self](selfLimit), failed: map[bridges.AccountID]bool{},
		lineup: newLineup[bridges.AccountID](selfQueue),
	}
}

// changes changes what is known of a user by f, which tells whether it is news.
func (x *selves) changes(id bridges.AccountID, f func(s *self, known bool) bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	s, known := x.known.Get(id)
	news := f(&s, known)
	x.known.Set(bridges.AccountID(strings.Clone(string(id))), s)
	return news
}

// forget forgets a user.
func (x *selves) forget(id bridges.AccountID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.known.Delete(id)
	delete(x.failed, id)
}

// fails notes that a user is to be looked at again: when the network is there
// again, or the user is.
func (x *selves) fails(id bridges.AccountID) {
	x.changes(id, func(s *self, _ bool) bool {
		s.at = time.Time{}
		return false
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.failed) < selfQueue {
		x.failed[id] = true
	}
}

// again has those looked at of whom the network could not be told.
func (x *selves) again() {
	x.mu.Lock()
	failed := x.failed
	x.failed = map[bridges.AccountID]bool{}
	x.mu.Unlock()
	for id := range failed {
		x.add(id)
	}
}

// hearSelf takes what the presence of a registered user says of the user: the hash
// of the picture, or the nickname. It does not block.
func (g *Gateway) hearSelf(s *stanza.Stanza, id bridges.AccountID) {
	if !g.info.Can.Has(bridges.CanIntroduce) {
		return
	}
	photo, says := avatar.FindUpdate(s)
	called := cleanName(nick.Find(s))
	if g.selves.changes(id, func(x *self, known bool) bool {
		news := !known || time.Since(x.at) >= selfAge
		if says && photo != x.photo {
			x.photo, news = strings.Clone(photo), true
		}
		if called != "" && called != x.nick {
			x.nick, news = strings.Clone(called), true
		}
		return news
	}) {
		g.introduceLater(id)
	}
}

// profileNodes are what users publish of themselves. Servers tell us what is new,
// since we want to know (XEP-0163 §4), where they may.
var profileNodes = []string{avatar.NSMetadata, nick.NS, vcard.Node}

// hearEvent takes the news that a user's server has of the user's profile. False:
// it is none. It does not block.
func (g *Gateway) hearEvent(s *stanza.Stanza) bool {
	node, inside := pubsub.EventOf(s)
	if !g.info.Can.Has(bridges.CanIntroduce) || resourceOf(s.From) != "" || !slices.Contains(profileNodes, node) {
		return false
	}
	id := accountOf(s.From)
	if !g.admits(id) {
		return true
	}
	if node == avatar.NSMetadata {
		shown := strings.Clone(avatar.FindMetadata(inside, maxShown))
		g.selves.changes(id, func(x *self, _ bool) bool {
			x.shown = shown
			return false
		})
	}
	g.introduceLater(id)
	return true
}

// introduceLater has a user looked at. It does not block; when too many wait, the
// user's next presence does it.
func (g *Gateway) introduceLater(id bridges.AccountID) {
	if !g.selves.add(bridges.AccountID(strings.Clone(string(id)))) {
		g.countDropped("too many users to introduce")
		g.selves.fails(id)
	}
}

// introduceUsers looks at users until the gateway ends.
func (g *Gateway) introduceUsers(ctx context.Context) {
	g.selves.each(ctx, func(id bridges.AccountID) {
		g.contain("what a user looks like", step{run: func(ctx context.Context) { g.introduceUser(ctx, id) }})
	})
}

// introduceUser tells the network what a user is called and looks like, unless it
// was told that.
func (g *Gateway) introduceUser(ctx context.Context, id bridges.AccountID) {
	acc, ok, err := g.accounts.find(ctx, id)
	if err != nil || !ok || !g.admits(id) {
		g.selves.forget(id)
		return
	}
	var s self
	g.selves.changes(id, func(x *self, _ bool) bool {
		x.at = time.Now() // what is said from now on is looked at again
		s = *x
		return false
	})
	me, err := g.selfOf(ctx, acc, s)
	told := sha256.Sum256([]byte(me.Name + "\x00" + string(me.Picture)))
	if err == nil && told != s.told {
		err = g.tellSelf(ctx, acc, me)
	}
	switch {
	case err == nil:
		g.selves.changes(id, func(x *self, _ bool) bool {
			x.told = told
			return false
		})
	case bridges.KindOf(err) == bridges.Temporary:
		g.selves.fails(id)
		fallthrough
	default:
		g.log.Warn("the network was not told who a user is", "account", id, "err", err)
	}
}

// tellSelf tells the network.
func (g *Gateway) tellSelf(ctx context.Context, acc mapping.Account, me bridges.Profile) error {
	if words := g.Off(); words != "" {
		return &bridges.Error{Kind: bridges.Temporary, Text: words}
	}
	defer resting(ctx).enter()
	ctx, cancel := context.WithTimeout(ctx, selfTime)
	defer cancel()
	return g.cfg.Bridge.(bridges.Introducer).Introduce(ctx, g.account(acc), me) // Info.Can says so
}

// selfOf returns what a user is called and looks like: to a user who has not asked
// for more, that is the nickname that the user's program says, or what stands
// before the @ (xeps.md 0084.10). The error is Temporary.
func (g *Gateway) selfOf(ctx context.Context, acc mapping.Account, s self) (me bridges.Profile, err error) {
	me.Name = cleanName(s.nick)
	if g.chosen(ctx, acc.ID, ownProfile) == profileShown {
		c, photo, err := g.cardOf(ctx, acc.ID, s.shown)
		if err != nil {
			return me, err
		}
		for _, name := range []string{c.Nick, c.Name} {
			if me.Name == "" {
				me.Name = cleanName(name)
			}
		}
		if p := g.convert(photo); p != nil {
			me.Picture = p.Data
		}
	}
	if me.Name == "" {
		me.Name = cleanName(localOf(string(acc.ID)))
	}
	return me, nil
}
