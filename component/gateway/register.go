package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/form"
	"causeway/component/xep/register"
	"causeway/mapping"
)

func (g *Gateway) serveRegister() {
	g.mux.Get(register.NS, "query", component.ToDomain, g.offerRegistration)
	g.mux.Set(register.NS, "query", component.ToDomain, g.onRegister)
}

// offerRegistration says what registration needs (xeps.md 0077.2-3). Secrets
// are never echoed.
func (g *Gateway) offerRegistration(ctx context.Context, t *tx, _ *stanza.Stanza, _ stanza.Element) (w stanza.Writer, err error) {
	if !g.admits(t.account) {
		return w, errNotAllowed
	}
	acc, ok, err := g.accounts.find(ctx, t.account)
	if err != nil {
		return w, err
	}
	o := register.Offer{Registered: ok, Instructions: g.info.Instructions}
	if ok {
		o.Instructions = g.statusOf(acc) + ". " + o.Instructions
	}
	if o.Instructions == "" {
		o.Instructions = "Send this form to register with " + g.info.Name + "."
	}
	o.Form = g.registrationForm()
	o.Append(&w)
	return w, nil
}

// registrationForm asks for the fields of the bridge.
func (g *Gateway) registrationForm() form.Form {
	f := form.Form{
		Type: "form", FormType: register.NS,
		Title: "Registration with " + g.info.Name, Instructions: g.info.Instructions,
	}
	for _, x := range g.info.Fields {
		typ := "text-single"
		if x.Kind == bridges.Secret {
			typ = "text-private"
		}
		f.Fields = append(f.Fields, form.Field{Var: x.Name, Type: typ, Label: x.Label, Required: x.Required})
	}
	return f
}

func (g *Gateway) onRegister(ctx context.Context, t *tx, _ *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
	r := register.Read(q)
	switch {
	case r.Cancel:
		return w, nil
	case r.Remove && !r.Alone:
		return w, &stanza.Error{Type: "modify", Condition: "bad-request", Text: "Nothing may stand beside remove."}
	case r.Remove:
		gone, err := g.unenroll(ctx, t)
		t.follow = gone.outs
		return w, err
	}
	text, err := g.enroll(ctx, t, r.Fields)
	if err == nil {
		t.greet = text
	}
	return w, err
}

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
	reply := g.mux.Answer(ctx, t, s)
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
	g.welcome(t, t.greet)
}
