package gateway

import (
	"context"
	"sync"

	"causeway/bridges"
	"causeway/bridges/cache"
	"causeway/component/stanza"
	"causeway/mapping"
)

// blocksKnown bounds the people of whom it is at hand whether a user has blocked them.
const blocksKnown = 1 << 16

// blocks are whom users have blocked here. The list of a user's own server (XEP-0191) is
// another: of that nobody tells us.
type blocks struct {
	mu    sync.Mutex
	known *cache.Cache[chatKey, bool]
	age   int // how many have changed: what was read before a change is not kept
}

func newBlocks() *blocks { return &blocks{known: cache.New[chatKey, bool](blocksKnown)} }

var errBlocked = &stanza.Error{
	Type: "cancel", Condition: "not-allowed",
	Text: "You have blocked this contact. Write unblock and the address to the gateway to end that.",
}

// hasBlocked tells whether a user has blocked somebody.
func (g *Gateway) hasBlocked(ctx context.Context, who chatKey) (is bool) {
	if is, known := g.blocks.known.Get(who); known {
		return is
	}
	age := g.blocks.changed(nil)
	if g.insist(ctx, "read contacts", func() error {
		c, _, err := g.store.Contact(ctx, g.domain, who.account, who.chat)
		is = blocked(c)
		return err
	}) {
		g.blocks.keep(who, is, age)
	}
	return is
}

// keep keeps what was read at an age. It is not held while somebody reads: who is tried
// alone would wait for who is not (see trials).
func (b *blocks) keep(who chatKey, is bool, age int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if age == b.age {
		b.known.Set(who, is)
	}
}

// changed keeps what was changed, if anything was, and returns the age.
func (b *blocks) changed(c *mapping.Contact) (age int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c != nil {
		b.age++
		b.known.Set(chatKey{c.Account, c.ID}, blocked(*c))
	}
	return b.age
}

// blocked tells whether a row says so.
func blocked(c mapping.Contact) bool { return c.Subscription&mapping.BlockedByUser != 0 }

// heardNoMore tells whether an event is of somebody whom the user has blocked. What became
// of the user's own texts is heard, as is what the network's list says.
func (g *Gateway) heardNoMore(ctx context.Context, in *incoming) bool {
	switch in.Kind {
	case kindReceipt, kindChange:
		return false
	}
	return g.hasBlocked(ctx, chatKey{in.Account, in.chat()})
}

// keepsBlock has t note whether a contact is blocked, with all else in its row.
func (t *tx) keepsBlock(g *Gateway, c mapping.Contact) {
	t.keeps(c)
	t.done = append(t.done, func() { g.blocks.changed(&c) })
}

// runBlock takes somebody out of the contacts, of whom nothing is heard any more (xeps.md
// 0191.4). Nobody there is told more than after a removal.
func runBlock(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		return result{ask: askAddress("Block somebody", "Of whom do you want to hear nothing any more?")}, nil
	}
	c, err := g.anybody(ctx, t, in.all()[addressField.Name])
	if err != nil {
		return result{}, err
	}
	jid := g.contactJID(c.ID)
	if blocked(c) {
		return result{text: jid + " is blocked already."}, nil
	}
	c.Subscription |= mapping.BlockedByUser
	rest := g.ends(t, &c)
	t.keepsBlock(g, c)
	return result{text: jid + " is blocked: you hear nothing of it any more. Write unblock " + jid + " to end that.", rest: rest}, nil
}

// runUnblock ends that. The contact is none again before either side asks.
func runUnblock(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		all, err := g.blockedBy(ctx, t.account)
		if len(all) == 0 {
			return result{text: "You have blocked nobody."}, err
		}
		return result{ask: askAddress("Unblock somebody", "You have blocked "+g.severalNamed(all)+".")}, err
	}
	c, err := g.anybody(ctx, t, in.all()[addressField.Name])
	if err != nil {
		return result{}, err
	}
	jid := g.contactJID(c.ID)
	if !blocked(c) {
		return result{}, notAcceptable("You have not blocked " + jid + ".")
	}
	c.Subscription &^= mapping.BlockedByUser
	t.keepsBlock(g, c)
	return result{text: jid + " is not blocked any more."}, nil
}

func askAddress(title, words string) *bridges.Ask {
	return &bridges.Ask{Title: title, Instructions: words, Fields: []bridges.Field{addressField}}
}

// blockedBy returns whom a user has blocked.
func (g *Gateway) blockedBy(ctx context.Context, id bridges.AccountID) (all []mapping.Contact, err error) {
	err = g.store.EachContact(ctx, g.domain, id, func(c mapping.Contact) error {
		if blocked(c) {
			all = append(all, c)
		}
		return nil
	})
	return all, err
}

// anybody finds whom a user means by an address, or by the whole name of a contact.
func (g *Gateway) anybody(ctx context.Context, t *tx, text string) (c mapping.Contact, err error) {
	c, sure, err := g.ownContact(ctx, t, text)
	if err == nil && !sure {
		err = notAcceptable(text + " may mean " + g.nameAndAddress(c) + ": write the address.")
	}
	if err == nil {
		return c, nil
	}
	id, wrong := g.spelled(text)
	if named, _, _ := g.named(ctx, t.account, text); wrong != nil || len(named) > 0 {
		return c, err
	}
	c, _, err = g.store.Contact(ctx, g.domain, t.account, id)
	c.Bridge, c.Account, c.ID = g.domain, t.account, id
	return c, err
}
