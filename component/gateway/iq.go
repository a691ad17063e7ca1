package gateway

import (
	"context"
	"time"

	"causeway/component/stanza"
	"causeway/mapping"
)

// answerIQ runs the handler of an IQ.
func (g *Gateway) answerIQ(ctx context.Context, s *stanza.Stanza, key mapping.Key) {
	err := g.untilFree(ctx, func() error { return g.tryIQ(ctx, s, key) })
	if err == nil || ctx.Err() != nil {
		return
	}
	g.log.Error("cannot commit", "err", err)
	t := g.begin(accountOf(s.From), key)
	if o, ok := errInternal.Reply(s); ok {
		t.send(o)
	}
	g.finish(ctx, t)
}

// tryIQ makes the effect of an IQ, the settlement of the request, and the
// reply one commit. The error is that of the commit.
func (g *Gateway) tryIQ(ctx context.Context, s *stanza.Stanza, key mapping.Key) error {
	t := g.begin(accountOf(s.From), key)
	t.from = s.From
	reply := g.hearPush(ctx, t, s)
	if reply == nil {
		reply = g.mux.Answer(ctx, t, s)
	}
	if reply == nil {
		g.settle(ctx, key)
		return nil
	}
	if reply.Type == "error" {
		t.fails()
	}
	g.replyTo(t, reply)
	return g.commit(ctx, t)
}

// replyTo puts a reply before what follows from it.
func (g *Gateway) replyTo(t *tx, reply *stanza.Out) {
	outs := t.outs
	t.outs = append([]*stanza.Out{reply}, outs...)
	t.outs = append(t.outs, t.follow...)
	if x := t.opens; x != nil {
		t.send(g.ownMessage(string(t.account), x.question()))
		t.done = append(t.done, func() { g.dialogues.put(t.account, *x, time.Now()) })
	}
	g.welcome(t, t.greet)
}
