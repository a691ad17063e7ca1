package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/nick"
	"causeway/mapping"
)

const (
	// introducedLimit bounds the chats of which it is remembered that a text came.
	introducedLimit = 1 << 16
	// introduceTime bounds how long the first text of somebody waits for the name.
	introduceTime = 2 * time.Second
)

// introduce writes into a text what its sender is called, if the user has no
// such contact (xeps.md 0172.1). That is done and looked up for the first text
// since the start: those behind it cost nothing.
func (g *Gateway) introduce(ctx context.Context, w *stanza.Writer, in *incoming) {
	who := chatKey{in.Account, in.Message.Chat}
	if _, known := g.introduced.Get(who); known {
		return
	}
	const has = mapping.SeesContact | mapping.SeenByUs | mapping.AddedByUser | mapping.PlacedByUs
	c, _, err := g.store.Contact(ctx, g.domain, who.account, who.chat)
	if err != nil {
		return
	}
	g.introduced.Set(who, struct{}{})
	if c.Subscription&has != 0 && !leaves(c) {
		return
	}
	if name := g.askName(ctx, who); name != "" {
		nick.Append(w, name)
	}
}

// askName asks the network what somebody is called; "": it does not tell.
func (g *Gateway) askName(ctx context.Context, who chatKey) (name string) {
	profiler, ok := g.cfg.Bridge.(bridges.Profiler)
	if !ok {
		return ""
	}
	return g.nameBy(ctx, func(ctx context.Context) (bridges.Profile, error) {
		return profiler.Profile(ctx, who.account, bridges.UserID(who.chat))
	})
}

// nameBy returns the name in a profile for which ask asks the network; "": it does not
// tell in time. What it is asked for goes on whatever happens.
func (g *Gateway) nameBy(ctx context.Context, ask func(ctx context.Context) (bridges.Profile, error)) (name string) {
	defer trialOf(ctx).enter()
	defer func() {
		if p := recover(); p != nil {
			g.panicked("a name", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, introduceTime)
	defer cancel()
	p, err := ask(ctx)
	if err != nil {
		return ""
	}
	return cleanName(p.Name)
}
