package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/privilege"
	"causeway/mapping"
)

// ownMark begins what the user has sent through another program of the network,
// where nobody lets us show it as the user's own (xeps.md 0280.3).
const ownMark = "You, from another device: "

// isOwn tells whether the user sent an incoming message through another program
// of the network. A note to oneself is not meant: it is its own contact.
func (g *Gateway) isOwn(ctx context.Context, in *incoming) bool {
	m := in.Message
	return m.From != "" && string(m.From) != string(m.Chat) && g.isSelf(ctx, in.Account, m.From)
}

// isSelf tells whether somebody on the network is the user of an account.
func (g *Gateway) isSelf(ctx context.Context, id bridges.AccountID, who bridges.UserID) bool {
	acc, _, answered := g.insistOn(ctx, id)
	return answered && acc.Self == who
}

// echoes tells whether the network gives back what the user sent through us.
func (g *Gateway) echoes(ctx context.Context, in *incoming) (yes bool) {
	g.insist(ctx, "read messages", func() error {
		m, err := g.findSent(ctx, in.Message.ID)
		yes = m != nil && m.parts[0].Stanza != in.Stanza
		return err
	})
	return yes
}

// showOwn shows a message of the user's as such, on all devices and in the
// archive, if the host grants it (xeps.md 0356.11-12). False: it does not.
//
// The host treats it as one that the user sends, and so a copy comes to us (F4).
// It must be known also after a crash: what knows it is on disk before anything
// is sent.
func (g *Gateway) showOwn(ctx context.Context, in *incoming) bool {
	host := hostOf(in.Account)
	if !g.showsOwn(host) {
		return false
	}
	to, now := g.contactJID(in.Message.Chat), time.Now()
	hash := ownHash(in.Account, localOf(to), in.Stanza)
	g.repeats.add(hash, now)
	g.at("commit")
	if !g.insist(ctx, "note an own message", func() error {
		return g.store.Commit(ctx, &mapping.Batch{PutSent: []mapping.Sent{{Bridge: g.domain, Hash: hash, At: now}}})
	}) {
		return true // the gateway ends: it stays in the journal
	}
	g.at("committed")
	o := &stanza.Out{Kind: stanza.Message, ID: newID(), From: g.domain, To: host}
	privilege.Forwarded{
		From: string(in.Account), To: to, ID: in.Stanza,
		Payload: func(w *stanza.Writer) { g.appendText(w, in, in.Message.Text, now) },
	}.Append(&o.Payload)
	g.sendKeyed(ctx, o, in.key, &flight{account: in.Account, inbound: true})
	return true
}

// hidesOwn drops a message of the user's that cannot be shown as such, when the
// user wants it so.
func (g *Gateway) hidesOwn(ctx context.Context, in *incoming) bool {
	if g.chosen(ctx, in.Account, ownMessages) != ownDropped {
		return false
	}
	g.dropIn(ctx, in, "own message")
	return true
}

// hearRefusal takes it that a host no longer lets us send on behalf of its users:
// it has refused to, and the next message is marked instead (xeps.md 0356.14).
func (g *Gateway) hearRefusal(s *stanza.Stanza) {
	r := g.rights(s.From)
	if !r.Message || s.To != g.domain {
		return
	}
	r.Message = false
	g.privileges.set(s.From, r)
	g.log.Warn("a host refuses what the user sent from another device: it is not shown", "host", s.From, "stanza", s.ID, "err", s.Err())
}

// showsOwn tells whether a host shows what we send on behalf of its users.
//
// COMPAT: the ejabberd that speaks the older namespace gives such a message to
// the contact alone, to none of the user's devices and not to the archive. Nobody
// would ever see it.
func (g *Gateway) showsOwn(host string) bool {
	r := g.rights(host)
	return r.Message && r.NS == privilege.NS
}

// ownHash is of what names the copy of an own message: no other text of a user
// has it, whose body would be a character that XML lacks.
func ownHash(id bridges.AccountID, contact, stanzaID string) [16]byte {
	return repeatHash(id, contact, stanzaID, "\x01own")
}

// isOwnCopy tells whether s is the copy of an own message (F4). Clients never
// send from a bare address: only what does is looked up.
func (g *Gateway) isOwnCopy(s *stanza.Stanza) bool {
	return resourceOf(s.From) == "" && g.repeats.has(ownHash(accountOf(s.From), localOf(s.To), s.ID), time.Now())
}

// hasOwnCopy is isOwnCopy for what may be of before the start; it blocks until
// the book of that is read.
func (g *Gateway) hasOwnCopy(ctx context.Context, s *stanza.Stanza) bool {
	return resourceOf(s.From) == "" && g.repeats.wait(ctx) && g.isOwnCopy(s)
}

const ownCopy = "copy of an own message"

// dropOwnCopy settles a copy that has just come, without a turn in a queue: it
// might wait there for longer than the book remembers.
func (g *Gateway) dropOwnCopy(key mapping.Key) {
	g.countDropped(ownCopy)
	g.settle(g.work, key)
}
