package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/chatstates"
)

// hearTyping takes a message that is no more than a chat state. Every state but
// one says that the user does not type (xeps.md 0085.5).
func (g *Gateway) hearTyping(s *stanza.Stanza, now time.Time) {
	state := chatstates.Find(s)
	if !g.info.Can.Has(bridges.CanTyping) || state == "" || s.Type == "groupchat" || s.Type == "headline" {
		g.countDropped("not journalled")
		return
	}
	if !g.signs.types(placeOf(s), state == chatstates.Composing, now) {
		g.countDropped("too much typing")
	}
}

// hearText takes it that who writes has ended typing. What is no text says
// nothing of that.
func (g *Gateway) hearText(s *stanza.Stanza) {
	if !g.info.Can.Has(bridges.CanTyping) {
		return
	}
	if _, ok := s.Body(); ok {
		g.signs.writes(placeOf(s))
	}
}

// placeOf is the chat that a user's stanza is in.
func placeOf(s *stanza.Stanza) whose { return whose{accountOf(s.From), localOf(s.To)} }

// tellTyping tells the network that a user types, or no longer does. False:
// there is nobody to be told: whom the user has never had to do with shall not
// learn that an address was tried.
func (g *Gateway) tellTyping(ctx context.Context, p whose, composing bool) bool {
	acc, chat, ok := g.signer(ctx, p)
	if ok && composing {
		var err error
		_, ok, err = g.store.Contact(ctx, g.domain, p.account, chat)
		ok = ok && err == nil
	}
	if !ok {
		g.countDropped("typing to nobody")
		return false
	}
	err := g.withSession(ctx, acc, func(ctx context.Context, s bridges.Session) error {
		return s.(bridges.Typist).Typing(ctx, chat, composing) // Info.Can says so
	})
	if err != nil {
		g.log.Debug("the network was not told who types", "account", p.account, "err", err)
	}
	return true
}
