package gateway

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
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
	known *cache.Cache[bridges.AccountID, self]
	*lineup[bridges.AccountID]
}

// self is what is known of a user.
type self struct {
	photo string // the hash of the picture in the vCard, as presence said it last
	says  bool   // presence said one, or that there is none
	shown string // the id of the published picture, where it counts; "": it was taken away
	last  place  // of the picture of which the server told last, which counts
	nick  string // what the user's program said
	at    time.Time
	told  [sha256.Size]byte // of what the network was told
}

// place is where users have their pictures.
type place int

// The places. The zero value: nobody knows, as after a start.
const (
	inNode place = iota + 1 // XEP-0084
	inCard                  // XEP-0153
)

// publishes takes what is published of the picture. Of one that is none for us, nothing
// is known.
func (x *self) publishes(metadata stanza.Element) {
	x.last, x.shown = 0, strings.Clone(avatar.FindMetadata(metadata, maxShown))
	if x.shown != "" || avatar.IsEmpty(metadata) {
		x.last = inNode
	}
}

// hashes takes the hash of the picture in the vCard. The first one that is heard is no
// newer than what is published. True: it is news.
func (x *self) hashes(photo string) bool {
	if x.says && photo == x.photo {
		return false
	}
	if x.says && photo != "" && photo != x.shown {
		x.last = inCard
	}
	news := photo != x.photo
	x.photo, x.says = strings.Clone(photo), true
	return news
}

func newSelves() *selves {
	return &selves{known: cache.New[bridges.AccountID, self](selfLimit), lineup: newLineup[bridges.AccountID](selfQueue)}
}

// changes changes what is known of a user by f, which tells whether it is news.
func (x *selves) changes(id bridges.AccountID, f func(s *self, known bool) bool) (news bool) {
	x.known.Change(clone(id), func(s self, known bool) self {
		news = f(&s, known)
		return s
	})
	return news
}

// forget forgets a user.
func (x *selves) forget(id bridges.AccountID) {
	x.known.Delete(id)
	x.forgives(id)
}

// fails notes that a user is to be looked at again: when the network is there
// again, or the user is.
func (x *selves) fails(id bridges.AccountID) {
	x.changes(id, func(s *self, _ bool) bool {
		s.at = time.Time{}
		return false
	})
	x.lineup.fails(id)
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
		if says && x.hashes(photo) {
			news = true
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
		g.selves.changes(id, func(x *self, _ bool) bool {
			x.publishes(inside)
			return false
		})
	}
	g.introduceLater(id)
	return true
}

// introduceLater has a user looked at. It does not block; when too many wait, the
// user's next presence does it.
func (g *Gateway) introduceLater(id bridges.AccountID) {
	if id = clone(id); !g.selves.add(id) {
		g.countDropped("too many users to introduce")
		g.selves.fails(id)
	}
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
	me, whole, err := g.selfOf(ctx, acc, s)
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
		if !whole {
			g.selves.fails(id)
		}
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
// before the @ (xeps.md 0084.10). Not whole: something was not to be had now. The error
// is Temporary.
func (g *Gateway) selfOf(ctx context.Context, acc mapping.Account, s self) (me bridges.Profile, whole bool, err error) {
	me.Name, whole = cleanName(s.nick), true
	if g.chosen(ctx, acc.ID, ownProfile) == profileShown {
		c, photo, all, err := g.cardOf(ctx, acc.ID, s)
		if err != nil {
			return me, false, err
		}
		whole = all
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
	return me, whole, nil
}
