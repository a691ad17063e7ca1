// Package commands implements XEP-0050 (1.3.0): Ad-Hoc Commands, as the entity
// that runs them.
package commands

import (
	"causeway/component/stanza"
	"causeway/component/xep/form"
)

// NS is the namespace of commands, the feature, and the node that lists them.
const NS = "http://jabber.org/protocol/commands"

// Request is one step of a user.
type Request struct {
	Node, Session, Action string // Action is execute when none was given
	Form                  form.Form
	HasForm               bool
}

// Read reads the payload of an IQ set.
func Read(e stanza.Element) Request {
	r := Request{Node: e.Attr("node"), Session: e.Attr("sessionid"), Action: e.Attr("action")}
	if r.Action == "" {
		r.Action = "execute"
	}
	r.Form, r.HasForm = form.Find(e)
	return r
}

// Response is the answer to a step.
type Response struct {
	Node, Session, Status string
	// Actions are offered with the form; Execute is the default one.
	Actions  []string
	Execute  string
	Form     *form.Form
	NoteType string // info, warn or error
	Note     string
}

// Append writes r.
func (r *Response) Append(w *stanza.Writer) {
	w.Start("command", NS, "node", r.Node, "sessionid", r.Session, "status", r.Status)
	if len(r.Actions) > 0 {
		w.Start("actions", "", "execute", r.Execute)
		for _, a := range r.Actions {
			w.Leaf(a, "", "")
		}
		w.End()
	}
	if r.Form != nil {
		r.Form.Append(w)
	}
	if r.Note != "" {
		w.Leaf("note", "", r.Note, "type", r.NoteType)
	}
	w.End()
}

// Condition is a protocol error of commands (XEP-0050 §4.4), to stand beside
// the stanza error.
func Condition(name string) stanza.Writer {
	var w stanza.Writer
	w.Leaf(name, NS, "")
	return w
}
