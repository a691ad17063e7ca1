package gateway

import (
	"context"
	"strconv"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
)

// warnTime is how seldom a warning is repeated for a conversation.
const warnTime = time.Hour

// readChat reads a message to the gateway itself as one to a contact, but
// takes any age, and a correction as it was typed.
func readChat(s *stanza.Stanza) reading {
	d := newDraft(s, time.Time{})
	d.toUs = true
	return d.read()
}

// warnEncrypted says in a chat message, too, that encryption must be off for a
// contact, or for the gateway itself where the contact is empty: some clients
// hide errors (xeps.md 0384.3).
func (g *Gateway) warnEncrypted(ctx context.Context, id bridges.AccountID, contact string, e *stanza.Error) {
	if e != errEncrypted {
		return
	}
	name, now := string(id)+" "+contact, time.Now()
	if last, ok := g.warned.Get(name); ok && now.Sub(last) < warnTime {
		return
	}
	g.warned.Set(name, now)
	text := e.Text
	if contact != "" {
		text = contact + ": " + text
	}
	g.send(ctx, g.ownMessage(string(id), text))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
