package gateway

import (
	"context"
	"errors"
	"strings"

	"causeway/component/stanza"
	"causeway/mapping"
)

// order is what a user writes to the gateway itself.
type order struct {
	text   string // all of it, trimmed
	first  string // its first word, as it was written
	verb   string // the same without case and punctuation
	fields map[string]string
}

// parseOrder reads a line such as "register name=Ann". Any text is an order;
// one that nobody knows gets a readable answer.
func parseOrder(text string) order {
	words := strings.Fields(text)
	o := order{text: strings.TrimSpace(text), fields: map[string]string{}}
	if len(words) == 0 {
		return o
	}
	o.first = words[0]
	o.verb = strings.ToLower(strings.Trim(words[0], "/!.?"))
	for _, w := range words[1:] {
		if name, value, ok := strings.Cut(w, "="); ok && name != "" {
			o.fields[name] = value
		}
	}
	return o
}

// onChat answers a message to the gateway itself.
func (g *Gateway) onChat(ctx context.Context, s *stanza.Stanza, key mapping.Key) {
	id := accountOf(s.From)
	r := readChat(s)
	if r.drop != "" {
		g.cfg.Metrics.dropped.WithLabelValues(g.domain, r.drop).Inc()
		g.settle(ctx, key)
		return
	}
	refusal := r.refuse
	if !g.admits(id) {
		refusal = errNotAllowed
	}
	t := g.begin(id, key)
	if refusal != nil {
		g.cfg.Metrics.refused.WithLabelValues(g.domain, "chat").Inc()
		if o, ok := refusal.Reply(s); ok {
			t.send(o)
		}
		g.finish(ctx, t)
		return
	}
	err := g.untilFree(ctx, func() error {
		t := g.begin(id, key)
		g.obey(ctx, t, parseOrder(r.text))
		return g.commit(ctx, t)
	})
	if errors.Is(err, mapping.ErrTaken) {
		g.settle(ctx, key)
	}
}

// obey carries an order out.
func (g *Gateway) obey(ctx context.Context, t *tx, o order) {
	text, rest, err := g.carryOut(ctx, t, o)
	if err != nil {
		t.fails()
		text, rest = g.inWords(err), nil
	}
	if len(t.batch.PutAccounts) > 0 {
		g.welcome(t, text)
		return
	}
	t.send(g.ownMessage(string(t.account), text))
	t.outs = append(t.outs, rest...)
}

func (g *Gateway) carryOut(ctx context.Context, t *tx, o order) (text string, rest []*stanza.Out, err error) {
	switch o.verb {
	case "help", "hi", "hello", "start":
		return g.helpText(), nil, nil
	case "register":
		text, err = g.enroll(ctx, t, o.fields)
		return text, nil, err
	case "unregister":
		gone, err := g.unenroll(ctx, t)
		return goodbyeText, gone.outs, err
	case "status":
		text, err = g.statusText(ctx, t)
		return text, nil, err
	}
	id, ok, err := g.addressIn(o)
	switch {
	case !ok:
		return "I do not understand that. " + g.helpText(), nil, nil
	case err != nil:
		return "", nil, err
	}
	return g.add(ctx, t, id)
}

const goodbyeText = "You are no longer registered. Your data is deleted."

func (g *Gateway) helpText() string {
	register := "register"
	for _, f := range g.info.Fields {
		register += " " + f.Name + "=…"
	}
	text := "Write one of these words to me: " + register + " (to use " + g.info.Name +
		"), status (what is going on), add and an address (to write to somebody), unregister (to leave), help."
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
