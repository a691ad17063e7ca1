package gateway

import (
	"context"
	"errors"
	"strings"
	"time"

	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/commands"
	"causeway/component/xep/disco"
	"causeway/component/xep/form"
)

func (g *Gateway) serveCommands() {
	g.mux.Set(commands.NS, "command", component.ToDomain, g.onCommand)
}

func (g *Gateway) commandItems(ctx context.Context, t *tx) []disco.Item {
	var items []disco.Item
	for _, f := range g.offered(ctx, t.account) {
		items = append(items, disco.Item{JID: g.domain, Node: f.node, Name: f.name})
	}
	return items
}

func (g *Gateway) answerCommandInfo(t *tx, node string) (w stanza.Writer, err error) {
	f := byNode(node)
	switch {
	case f == nil:
		return w, errNoNode
	case g.allowed(g.work, t.account, f) != nil:
		return w, errNotOffered
	}
	info := disco.Info{
		Identities: []disco.Identity{{Category: "automation", Type: "command-node", Name: f.name}},
		Features:   []string{commands.NS, disco.NSInfo, form.NS},
	}
	info.Append(&w, node)
	return w, nil
}

// onCommand takes one step of a command (xeps.md 0050.3-8).
func (g *Gateway) onCommand(ctx context.Context, t *tx, _ *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
	r := commands.Read(q)
	f := byNode(r.Node)
	switch {
	case f == nil:
		return w, errNoNode
	case !g.admits(t.account) && !g.administers(t.account):
		return w, errNotAllowed
	case r.Session == "":
		return g.beginCommand(ctx, t, f, r)
	}
	x, err := g.commands.find(r.Session, t.from, r.Node, time.Now())
	if err != nil {
		return w, err
	}
	return g.continueCommand(ctx, t, f, r, x)
}

func (g *Gateway) beginCommand(ctx context.Context, t *tx, f *function, r commands.Request) (w stanza.Writer, err error) {
	err = g.allowed(ctx, t.account, f)
	switch {
	case errors.Is(err, errNotRegistered):
		return w, errNotOffered
	case err != nil:
		return w, err
	case r.Action != "execute":
		return w, commandError("modify", "bad-request", "bad-action")
	}
	r.Session = newID()
	step, err := f.run(ctx, g, t, nil)
	return g.answerStep(t, r, commandSession{owner: t.from, node: r.Node}, nil, step, err)
}

func (g *Gateway) continueCommand(ctx context.Context, t *tx, f *function, r commands.Request, x commandSession) (w stanza.Writer, err error) {
	if r.HasForm && r.Form.Type == "cancel" { // xeps.md 0004.7
		r.Action = "cancel"
	}
	values := inEitherName(r.Form.Values())
	switch now := x.actions(); r.Action {
	case "cancel":
		t.done = append(t.done, func() { g.commands.close(r.Session) })
		resp := commands.Response{Node: r.Node, Session: r.Session, Status: "canceled"}
		resp.Append(&w)
		return w, nil
	case "prev":
		if len(x.stages) < 2 {
			return w, commandError("modify", "bad-request", "bad-action")
		}
		return g.showStage(t, r, x.keeping(values).back(), ""), nil
	case "execute", now[0]:
	case "next", "complete":
		return w, commandError("modify", "bad-request", "bad-action")
	default:
		return w, commandError("modify", "bad-request", "malformed-action")
	}
	if !r.HasForm && len(x.open().ask.Fields) > 0 {
		return w, commandError("modify", "bad-request", "bad-payload")
	}
	x = x.keeping(values)
	step, in, err := g.submit(ctx, t, f, x.in, x.open().ask, values)
	return g.answerStep(t, r, x, in, step, err)
}

// answerStep answers with the next form, or the end. A failure that another
// value can mend shows the form again (xeps.md 0122.4); any other is a completed
// command with a note (0050.7).
func (g *Gateway) answerStep(t *tx, r commands.Request, x commandSession, in filled, step result, failed error) (w stanza.Writer, err error) {
	resp := commands.Response{Node: r.Node, Session: r.Session, Status: "completed", NoteType: "info", Note: step.text, Form: step.table}
	if failed != nil {
		var e *stanza.Error
		if !errors.As(failed, &e) {
			return w, failed
		}
		t.fails()
		if e.Type == "modify" && len(x.stages) > 0 {
			return g.showStage(t, r, x, e.Text), nil
		}
		resp.Note, resp.NoteType = e.Text, "error"
	}
	if step.ask != nil {
		return g.showStage(t, r, x.forth(in, step), ""), nil
	}
	t.follow = step.rest
	if t.enrolls {
		t.greet = step.text
	}
	t.done = append(t.done, func() { g.commands.close(r.Session) })
	resp.Append(&w)
	return w, nil
}

// showStage shows the open stage of x, and keeps x. A failure is also told in
// the form: Converse.js 14 shows no note of a command that goes on.
func (g *Gateway) showStage(t *tx, r commands.Request, x commandSession, failure string) (w stanza.Writer) {
	f := formOf(x.open().ask, x.kept)
	f.Instructions = strings.TrimSpace(failure + "\n" + f.Instructions)
	f.FormType = formType(r.Node)
	resp := commands.Response{
		Node: r.Node, Session: r.Session, Status: "executing", Form: &f,
		Actions: x.actions(), Execute: x.actions()[0], Note: failure, NoteType: "error",
	}
	t.done = append(t.done, func() { g.commands.put(r.Session, x, time.Now()) })
	resp.Append(&w)
	return w
}

// actions are those that the open stage allows; the default one is the first
// (xeps.md 0050.4).
func (x commandSession) actions() []string {
	as := []string{"complete"}
	if x.open().more {
		as[0] = "next"
	}
	if len(x.stages) > 1 {
		as = append(as, "prev")
	}
	return as
}

// commandError is a protocol error of XEP-0050 §4.4.
func commandError(typ, condition, special string) *stanza.Error {
	return &stanza.Error{
		Type: typ, Condition: condition, App: commands.Condition(special),
		Text: "The command cannot take this step: " + special + ".",
	}
}
