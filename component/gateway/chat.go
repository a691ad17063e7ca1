package gateway

import (
	"context"
	"errors"
	"time"

	"causeway/component/stanza"
	"causeway/component/xep/register"
	"causeway/mapping"
)

// onChat answers a message to the gateway itself, of a mark as in repeats.
func (g *Gateway) onChat(ctx context.Context, s *stanza.Stanza, key mapping.Key, mark string) {
	id := accountOf(s.From)
	r := readChat(s)
	if r.drop != "" {
		g.countDropped(r.drop)
		g.settle(ctx, key)
		return
	}
	refusal := r.refuse
	if !g.admits(id) {
		refusal = errNotAllowed
	}
	if refusal != nil {
		g.refuseChat(ctx, s, key, refusal)
		return
	}
	hash, now := repeatHash(id, "", mark, r.text), time.Now()
	if mark != "" {
		switch {
		case !g.repeats.wait(ctx):
			return // it stays in the journal
		case g.repeats.has(hash, now):
			g.countDropped("repetition")
			g.settle(ctx, key)
			return
		}
	}
	err := g.untilFree(ctx, func() error {
		t := g.begin(id, key)
		g.obey(ctx, t, parseOrder(r.text))
		if mark != "" {
			t.done = append(t.done, func() { g.repeats.add(hash, now) })
			t.batch.PutSent = []mapping.Sent{{Bridge: g.domain, Hash: hash, At: now}}
		}
		return g.commit(ctx, t)
	})
	if errors.Is(err, mapping.ErrTaken) {
		g.settle(ctx, key)
	}
}

// refuseChat answers a message to the gateway itself with an error.
func (g *Gateway) refuseChat(ctx context.Context, s *stanza.Stanza, key mapping.Key, e *stanza.Error) {
	t := g.begin(accountOf(s.From), key)
	g.cfg.Metrics.refused.WithLabelValues(g.domain, "chat").Inc()
	if o, ok := e.Reply(s); ok {
		t.send(o)
	}
	g.finish(ctx, t)
	g.warnEncrypted(ctx, t.account, "", e)
}

// obey carries an order out.
func (g *Gateway) obey(ctx context.Context, t *tx, o order) {
	x, asked := g.dialogues.find(t.account, time.Now())
	r, err := g.carryOut(ctx, t, x, asked, o)
	if err != nil {
		t.fails()
		r = result{text: g.inWords(err)}
	}
	if asked && r.ask == nil { // it is over, or failed for good
		t.done = append(t.done, func() { g.dialogues.end(t.account) })
	}
	if t.enrolls {
		g.welcome(t, r.text)
		return
	}
	t.send(g.ownMessage(string(t.account), r.text))
	t.outs = append(t.outs, r.rest...)
}

// carryOut does what the user writes: it is the answer to a question, or begins
// with the word of a function, or is an address.
func (g *Gateway) carryOut(ctx context.Context, t *tx, x dialogue, asked bool, o order) (result, error) {
	if asked {
		return g.continueDialogue(ctx, t, x, o)
	}
	if o.help != nil {
		return result{text: o.help.explained()}, nil
	}
	if f := byVerb(o.verb); f != nil {
		return g.beginDialogue(ctx, t, f, o)
	}
	switch o.verb {
	case helpWord, "hi", "hello", "start":
		return result{text: g.helpText(ctx, t)}, nil
	case "cancel":
		return result{text: "There is nothing to stop."}, nil
	}
	if r, ok, err := g.addMeant(ctx, t, o.text); ok {
		return r, err
	}
	return result{text: "I do not understand that. " + g.helpText(ctx, t)}, nil
}

// helpWord asks what the words are.
const helpWord = "help"

// explained is the help of one word.
func (f *function) explained() string { return f.verb + ": " + f.help + "." }

// helpText tells what the user may write.
func (g *Gateway) helpText(ctx context.Context, t *tx) string {
	text := "Write one of these words to me: "
	_, registered, _ := g.accounts.find(ctx, t.account) // else it is as for a stranger
	for _, f := range g.offered(ctx, t.account) {
		help := f.help
		if registered && f.node == register.NS {
			if len(g.info.Fields) == 0 {
				continue
			}
			help = "to change your registration"
		}
		if f.verb != "" {
			text += f.verb + " (" + help + "), "
		}
	}
	text += helpWord + "."
	if g.info.Example != "" {
		text += " You may also write to an address such as " + g.info.Example + "@" + g.domain + " at once."
	}
	return text
}

// statusText says how the user stands with the gateway.
func (g *Gateway) statusText(ctx context.Context, t *tx) (string, error) {
	acc, ok, err := g.accounts.find(ctx, t.account)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return unregisteredStatus, nil
	}
	text := g.statusOf(acc) + "."
	if words := g.Off(); words != "" {
		text = words
	}
	if n := g.router.waitingOf(t.account); n > 0 {
		text += " " + plural(n, "message waits", "messages wait") + " to be sent."
	}
	return text, nil
}

// inWords is an error for people.
func (g *Gateway) inWords(err error) string {
	var e *stanza.Error
	if errors.As(err, &e) {
		return e.Text
	}
	g.log.Error("an order failed", "err", err)
	return errInternal.Text
}

// nsMentions is of XEP-0452.
const nsMentions = "urn:xmpp:mmn:0"

// ownMessage is a message of the gateway itself.
//
// COMPAT: Converse.js (14.0.0) takes a chat message from a domain for an
// announcement of the server, and does not show it in the chat, unless it has
// the element mentions. An empty one says nothing to others.
func (g *Gateway) ownMessage(to, text string) *stanza.Out {
	o := &stanza.Out{Kind: stanza.Message, Type: "chat", From: g.domain, To: to}
	o.Payload.Leaf("body", "", text)
	o.Payload.Leaf("mentions", nsMentions, "")
	return o
}
