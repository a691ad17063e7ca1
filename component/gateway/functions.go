package gateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/form"
	"causeway/component/xep/register"
)

// function is one thing that a user can have the gateway do. All that a user can
// do as a command (XEP-0050) can be done in the chat, and is told by its help,
// because all three come from functionTable (xeps.md 0050.10). What is for
// administrators is a command alone.
type function struct {
	node, name string // as a command
	verb, help string // in the chat
	who        audience
	// when tells whether there is anything to do now; nil: there is.
	when func(g *Gateway) bool
	// idle is what administrators are told when there is nothing to do; nil: that
	// it is not for them now.
	idle *stanza.Error
	// keeps: a field that is left out stays as it is, and one that is emptied is
	// among what is filled in.
	keeps bool
	// run does it with what is filled in so far, in the lane of the user. It
	// either asks for a further stage, and has changed nothing then, or is done.
	run func(ctx context.Context, g *Gateway, t *tx, in filled) (result, error)
}

// audience are the users to whom a function is offered. The values are bits.
type audience uint8

const (
	forStrangers  audience = 1 << iota // who may register
	forRegistered                      // who has
	forAdmins                          // whether they may register or not
)

// filled is what a user has filled in, a map for each stage that is passed.
type filled []map[string]string

// all has the values of all stages.
func (in filled) all() map[string]string {
	m := map[string]string{}
	for _, stage := range in {
		maps.Copy(m, stage)
	}
	return m
}

// result is what a step of a function comes to.
type result struct {
	ask  *bridges.Ask // more is needed; one without Fields asks for consent
	more bool         // after ask comes another stage
	// afresh: what was written with the order is no answer to ask.
	afresh bool
	// values are offered as those of ask, instead of the defaults.
	values map[string]string
	text   string     // else: what has happened
	table  *form.Form // the same for programs that show tables; may be nil
	rest   []*stanza.Out
}

// functionTable has the functions in the order in which they are shown. The
// nodes are those to which clients give icons (xeps.md 0050.11).
var functionTable = []*function{
	{
		node: register.NS, name: "Register", who: forStrangers | forRegistered, run: runRegister,
		verb: "register", help: "to use the gateway",
	},
	{
		node: "status", name: "Status", who: forStrangers | forRegistered, run: runStatus,
		verb: "status", help: "what is going on",
	},
	{
		node: "contacts", name: "Contacts", who: forRegistered, run: runContacts,
		verb: "contacts", help: "your contacts here",
	},
	{
		node: "add", name: "Add a contact", who: forRegistered, run: runAdd,
		verb: "add", help: "and an address, to write to somebody",
	},
	{
		node: "rename", name: "Rename a contact", who: forRegistered, run: runRename,
		verb: "rename", help: "and an address and a name",
	},
	{
		node: "remove", name: "Remove a contact", who: forRegistered, run: runRemove,
		verb: "remove", help: "and an address",
	},
	{
		node: "block", name: "Block somebody", who: forRegistered, run: runBlock,
		verb: "block", help: "and an address, to hear nothing more of somebody",
	},
	{
		node: "unblock", name: "Unblock somebody", who: forRegistered, run: runUnblock,
		verb: "unblock", help: "and an address",
	},
	{
		node: "preferences", name: "Settings", who: forRegistered, keeps: true, run: runSettings,
		verb: "settings", help: "what you can choose",
	},
	{
		node: "unregister", name: "Unregister", who: forRegistered, run: runUnregister,
		verb: "unregister", help: "to leave",
	},
}

// commandTable has all that are commands.
var commandTable = slices.Concat(functionTable, adminTable, switchTable, operatorTable)

// byNode finds a function by the node of its command; nil if there is none.
func byNode(node string) *function {
	for _, f := range commandTable {
		if f.node == node {
			return f
		}
	}
	return nil
}

// byVerb finds a function by its word in the chat; nil if there is none.
func byVerb(verb string) *function {
	for _, f := range functionTable {
		if f.verb == verb {
			return f
		}
	}
	return nil
}

var errNotOffered = &stanza.Error{Type: "auth", Condition: "forbidden", Text: "This command is not for you now."}

func (f *function) possible(g *Gateway) bool { return f.when == nil || f.when(g) }

// allowed tells whether a user may run f: errNotAllowed, errNotRegistered and
// errNotOffered say why not.
func (g *Gateway) allowed(ctx context.Context, id bridges.AccountID, f *function) error {
	switch admin := g.administers(id); {
	case !admin && !g.admits(id):
		return errNotAllowed
	case !f.possible(g) && admin && f.idle != nil:
		return f.idle
	case !f.possible(g):
		return errNotOffered
	case admin && f.who&forAdmins != 0:
		return nil
	case !g.admits(id):
		return errNotAllowed
	}
	_, registered, err := g.accounts.find(ctx, id)
	switch {
	case err != nil:
		return err
	case registered && f.who&forRegistered != 0 || !registered && f.who&forStrangers != 0:
		return nil
	case !registered && f.who&forRegistered != 0:
		return errNotRegistered
	}
	return errNotOffered
}

// offered returns the functions that the user may run (xeps.md 0050.1).
func (g *Gateway) offered(ctx context.Context, id bridges.AccountID) []*function {
	var fs []*function
	for _, f := range commandTable {
		if g.allowed(ctx, id, f) == nil {
			fs = append(fs, f)
		}
	}
	return fs
}

// submit takes one more stage of f: what was filled in where ask asked.
func (g *Gateway) submit(ctx context.Context, t *tx, f *function, in filled, ask *bridges.Ask, values map[string]string) (result, filled, error) {
	stage := map[string]string{}
	for _, x := range ask.Fields {
		v, given := values[x.Name]
		if v = strings.TrimSpace(v); f.keeps && !given {
			continue
		}
		if err := x.Check(v); err != nil {
			return result{}, in, g.registrationError(err)
		}
		if v != "" || f.keeps {
			stage[x.Name] = v
		}
	}
	in = append(in[:len(in):len(in)], stage)
	r, err := f.run(ctx, g, t, in)
	return r, in, err
}

func runRegister(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 && len(g.info.Fields) > 0 {
		acc, _, err := g.accounts.find(ctx, t.account)
		return result{ask: g.registrationAsk(), values: onRecord(acc)}, err
	}
	text, ask, err := g.enroll(ctx, t, in.all())
	return result{text: text, ask: ask}, err
}

func runStatus(ctx context.Context, g *Gateway, t *tx, _ filled) (result, error) {
	text, err := g.statusText(ctx, t)
	return result{text: text}, err
}

func runUnregister(ctx context.Context, g *Gateway, t *tx, in filled) (result, error) {
	if len(in) == 0 {
		return result{ask: &bridges.Ask{
			Title:        "Unregister",
			Instructions: "Your registration with " + g.info.Name + " and all its data will be deleted.",
		}}, nil
	}
	rest, err := g.unenroll(ctx, t)
	return result{text: "You are no longer registered. Your data is deleted.", rest: rest}, err
}
