package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/chatstates"
	"causeway/component/xep/hints"
	"causeway/mapping"
)

const (
	// typingQueue bounds the hints that wait to be shown, and typingLimit the
	// chats in which somebody types as far as users know.
	typingQueue, typingLimit = 1024, 10_000
	// typingTime is how long somebody types of whom no more is heard.
	typingTime = 30 * time.Second
)

// typing knows who types. None of it is kept: what is lost is of no use later.
type typing struct {
	hints chan bridges.Delivery
	mu    sync.Mutex
	since map[chatKey]time.Time // shown as composing; last said
}

func newTyping() *typing {
	return &typing{hints: make(chan bridges.Delivery, typingQueue), since: map[chatKey]time.Time{}}
}

// Hint implements bridges.Host.
func (g *Gateway) Hint(d bridges.Delivery) {
	if e, ok := d.Event.(bridges.ProfileChange); ok && g.info.Can.Has(bridges.CanPictures) {
		g.lookLater(whose{d.Account, localpart(string(e.Person))})
		return
	}
	if e, ok := d.Event.(bridges.Presence); ok && g.info.Can.Has(bridges.CanPresence) {
		g.hearPresence(d.Account, e)
		return
	}
	if _, ok := d.Event.(bridges.Typing); !ok || !g.info.Can.Has(bridges.CanTyping) {
		g.countDropped("no hint")
		g.log.Error("a hint of a kind that this network does not give", "account", d.Account, "kind", fmt.Sprintf("%T", d.Event))
		return
	}
	if isOff(g) {
		g.countDropped("typing unseen")
		return
	}
	select {
	case g.typing.hints <- d:
	default:
		g.countDropped("too much typing")
	}
}

// showTyping shows hints until the gateway ends.
func (g *Gateway) showTyping(ctx context.Context) {
	tick := time.NewTicker(typingTime / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-g.typing.hints:
			e := d.Event.(bridges.Typing)
			g.showState(ctx, chatKey{d.Account, e.Chat}, e.Composing)
		case now := <-tick.C:
			for _, x := range g.typing.silent(now) {
				g.showState(ctx, x, false)
			}
		}
	}
}

// showState tells a user who sees the contact that it types, or no longer does;
// only a change, and with nothing else in it (xeps.md 0085.1, .2, .4).
func (g *Gateway) showState(ctx context.Context, x chatKey, composing bool) {
	if !g.seesContact(ctx, x) {
		g.typing.ends(x)
		g.countDropped("typing unseen")
		return
	}
	state := chatstates.Paused
	changed := false
	if composing {
		state = chatstates.Composing
		changed = g.typing.begins(x, time.Now())
	} else {
		changed = g.typing.ends(x)
	}
	if !changed {
		return
	}
	o := &stanza.Out{Kind: stanza.Message, Type: "chat", ID: newID(), From: g.contactJID(x.chat) + "/" + resource, To: string(x.account)}
	chatstates.Append(&o.Payload, state)
	hints.AppendNoStore(&o.Payload)
	g.send(ctx, o)
}

// seesContact tells whether a registered user is shown the presence of a
// contact. What cannot be read is not shown.
func (g *Gateway) seesContact(ctx context.Context, x chatKey) bool {
	if _, ok, err := g.accounts.find(ctx, x.account); err != nil || !ok || !g.admits(x.account) {
		return false
	}
	c, ok, err := g.store.Contact(ctx, g.domain, x.account, x.chat)
	return err == nil && ok && c.Subscription&mapping.SeesContact != 0
}

// begins tells whether it is news that somebody types. Nobody more can when too
// many do.
func (t *typing) begins(x chatKey, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.since[x]
	if !known && len(t.since) >= typingLimit {
		return false
	}
	t.since[x] = now
	return !known
}

// ends tells whether it is news that nobody types any more. A message of the
// contact calls it, too: clients take that as the end.
func (t *typing) ends(x chatKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.since[x]
	delete(t.since, x)
	return known
}

// silent returns where nothing was said for too long.
func (t *typing) silent(now time.Time) (all []chatKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for x, at := range t.since {
		if now.Sub(at) >= typingTime {
			all = append(all, x)
		}
	}
	return all
}
