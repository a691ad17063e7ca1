package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/xep/thread"
	"causeway/mapping"
)

// A thread has the id of the stanza of the message that began it: by that the user's
// texts are put into it, and into none that other programs have made up.

// findThread notes the thread that a text of the network is in, if it is known what
// began that.
func (g *Gateway) findThread(ctx context.Context, in *incoming) {
	if row, known := g.ofChat(ctx, in, in.Message.Thread); known {
		in.thread = row.Stanza
	}
}

// inThread has msg be in a thread, if the user writes in one of the network's.
func (g *Gateway) inThread(ctx context.Context, m *outgoing, acc mapping.Account, msg bridges.Message) bridges.Message {
	if !g.info.Can.Has(bridges.CanThreads) {
		return msg
	}
	if id, ok := thread.Find(m.s); ok {
		if row, found := g.earlier(ctx, acc.ID, msg.Chat, id); found {
			msg.Thread = row.ID
			if row.Parts > 1 {
				msg.Thread = g.lastPart(ctx, row)
			}
		}
	}
	return msg
}
