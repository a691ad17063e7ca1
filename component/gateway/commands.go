package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/commands"
	"causeway/component/xep/disco"
	"causeway/component/xep/form"
	"causeway/component/xep/register"
)

const (
	commandTime   = 10 * time.Minute
	commandsAUser = 5 // sessions that a user may have open
)

// command is one function offered by XEP-0050. form is nil when it needs none.
type command struct {
	node, name string
	form       func(g *Gateway) *form.Form
	run        func(ctx context.Context, g *Gateway, t *tx, fields map[string]string) (string, error)
	// registered tells whether it is offered to registered users, or to others.
	registered, unregistered bool
}

// commandTable lists the commands. The nodes are those to which clients give
// icons (xeps.md 0050.11).
var commandTable = []*command{
	{node: register.NS, name: "Register", form: (*Gateway).registerStage, run: runRegister, unregistered: true, registered: true},
	{node: "status", name: "Status", run: runStatus, registered: true, unregistered: true},
	{node: "unregister", name: "Unregister", form: (*Gateway).unregisterStage, run: runUnregister, registered: true},
}

func (g *Gateway) registerStage() *form.Form {
	if len(g.info.Fields) == 0 {
		return nil
	}
	f := g.registrationForm()
	return &f
}

func (g *Gateway) unregisterStage() *form.Form {
	return &form.Form{
		Type: "form", Title: "Unregister",
		Instructions: "Your registration with " + g.info.Name + " and all its data will be deleted.",
	}
}

func runRegister(ctx context.Context, g *Gateway, t *tx, fields map[string]string) (string, error) {
	text, err := g.enroll(ctx, t, fields)
	t.greet = text
	return text, err
}

func runStatus(ctx context.Context, g *Gateway, t *tx, _ map[string]string) (string, error) {
	return g.statusText(ctx, t)
}

func runUnregister(ctx context.Context, g *Gateway, t *tx, _ map[string]string) (string, error) {
	gone, err := g.unenroll(ctx, t)
	t.follow = gone.outs
	return goodbyeText, err
}

func (g *Gateway) serveCommands() {
	g.mux.Set(commands.NS, "command", component.ToDomain, g.onCommand)
}

// offered returns the commands that the user may run.
func (g *Gateway) offered(ctx context.Context, id bridges.AccountID) []*command {
	if !g.admits(id) {
		return nil
	}
	_, registered, err := g.accounts.find(ctx, id)
	if err != nil {
		return nil
	}
	var cs []*command
	for _, c := range commandTable {
		if registered && c.registered || !registered && c.unregistered {
			cs = append(cs, c)
		}
	}
	return cs
}

func (g *Gateway) commandItems(ctx context.Context, t *tx) []disco.Item {
	var items []disco.Item
	for _, c := range g.offered(ctx, t.account) {
		items = append(items, disco.Item{JID: g.domain, Node: c.node, Name: c.name})
	}
	return items
}

func (g *Gateway) answerCommandInfo(t *tx, node string) (w stanza.Writer, err error) {
	c := findCommand(commandTable, node)
	switch {
	case c == nil:
		return w, errNoNode
	case findCommand(g.offered(g.work, t.account), node) == nil:
		return w, &stanza.Error{Type: "auth", Condition: "forbidden", Text: "This command is not for you now."}
	}
	info := disco.Info{
		Identities: []disco.Identity{{Category: "automation", Type: "command-node", Name: c.name}},
		Features:   []string{commands.NS, disco.NSInfo, form.NS},
	}
	info.Append(&w, node)
	return w, nil
}

func findCommand(cs []*command, node string) *command {
	for _, c := range cs {
		if c.node == node {
			return c
		}
	}
	return nil
}

// onCommand takes one step of a command (xeps.md 0050.3-8).
func (g *Gateway) onCommand(ctx context.Context, t *tx, _ *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
	r := commands.Read(q)
	c := findCommand(commandTable, r.Node)
	switch {
	case c == nil:
		return w, errNoNode
	case !g.admits(t.account):
		return w, errNotAllowed
	case r.Session == "" && findCommand(g.offered(ctx, t.account), r.Node) == nil:
		return w, &stanza.Error{Type: "auth", Condition: "forbidden", Text: "This command is not for you now."}
	case r.Session == "":
		return g.beginCommand(ctx, t, c, r)
	}
	if err := g.commands.check(r.Session, t.from, r.Node, time.Now()); err != nil {
		return w, err
	}
	return g.continueCommand(ctx, t, c, r)
}

func (g *Gateway) beginCommand(ctx context.Context, t *tx, c *command, r commands.Request) (w stanza.Writer, err error) {
	if r.Action != "execute" {
		return w, commandError("modify", "bad-request", "bad-action")
	}
	if c.form != nil {
		if f := c.form(g); f != nil {
			id, err := g.commands.open(t.from, r.Node, time.Now())
			if err != nil {
				return w, err
			}
			resp := commands.Response{
				Node: r.Node, Session: id, Status: "executing",
				Execute: "complete", Actions: []string{"complete"}, Form: f,
			}
			resp.Append(&w)
			return w, nil
		}
	}
	return g.completeCommand(ctx, t, c, r, newID())
}

func (g *Gateway) continueCommand(ctx context.Context, t *tx, c *command, r commands.Request) (w stanza.Writer, err error) {
	switch r.Action {
	case "cancel":
		g.commands.close(r.Session)
		resp := commands.Response{Node: r.Node, Session: r.Session, Status: "canceled"}
		resp.Append(&w)
		return w, nil
	case "execute", "complete":
		if r.HasForm && r.Form.Type == "cancel" {
			r.Action = "cancel"
			return g.continueCommand(ctx, t, c, r)
		}
		return g.completeCommand(ctx, t, c, r, r.Session)
	case "next", "prev":
		return w, commandError("modify", "bad-request", "bad-action")
	}
	return w, commandError("modify", "bad-request", "malformed-action")
}

// completeCommand runs c. A failure is a completed command with a note
// (xeps.md 0050.7).
func (g *Gateway) completeCommand(ctx context.Context, t *tx, c *command, r commands.Request, session string) (w stanza.Writer, err error) {
	resp := commands.Response{Node: r.Node, Session: session, Status: "completed", NoteType: "info"}
	text, err := c.run(ctx, g, t, r.Form.Values())
	if err != nil {
		var e *stanza.Error
		if !errors.As(err, &e) {
			return w, err
		}
		t.fails()
		text, resp.NoteType = e.Text, "error"
	}
	t.done = append(t.done, func() { g.commands.close(session) })
	resp.Note = text
	resp.Append(&w)
	return w, nil
}

// commandError is a protocol error of XEP-0050 §4.4.
func commandError(typ, condition, special string) *stanza.Error {
	return &stanza.Error{
		Type: typ, Condition: condition, App: commands.Condition(special),
		Text: "The command cannot take this step: " + special + ".",
	}
}

// commandSessions are the commands under way. Each belongs to one full JID.
type commandSessions struct {
	mu sync.Mutex
	m  map[string]commandSession
}

type commandSession struct {
	owner, node string
	until       time.Time
}

func newCommandSessions() *commandSessions {
	return &commandSessions{m: map[string]commandSession{}}
}

func (s *commandSessions) open(owner, node string, now time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, x := range s.m {
		if bare(x.owner) == bare(owner) {
			n++
		}
	}
	if n >= commandsAUser {
		return "", errBusy
	}
	id := newID()
	s.m[id] = commandSession{owner, node, now.Add(commandTime)}
	return id, nil
}

// check tells what is wrong with a session, if anything.
func (s *commandSessions) check(id, owner, node string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.m[id]
	switch {
	case !ok || now.After(x.until):
		return commandError("cancel", "not-allowed", "session-expired")
	case x.owner != owner || x.node != node:
		return commandError("modify", "bad-request", "bad-sessionid")
	}
	return nil
}

func (s *commandSessions) close(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, id)
}

func (s *commandSessions) expire(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, x := range s.m {
		if now.After(x.until) {
			delete(s.m, id)
		}
	}
}
