package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/mapping"
)

// looksBack is what needs to know messages by their ids, both of them.
const looksBack = bridges.CanDisplayed | bridges.CanEdits

// deed is what a message does to an earlier one.
type deed uint8

// The deeds.
const (
	nothing deed = iota
	edits        // its text takes the place of that one's
)

// errand hands what a user says to the network, as Session.Send does.
type errand func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error)

var errNotYours = &stanza.Error{
	Type: "auth", Condition: "forbidden",
	Text: "Only your own messages can be changed.",
}

// errandOf returns how the network is given msg, which m comes to: as a text, or as
// what it does to an earlier one. What does not know of that one is a text.
func (g *Gateway) errandOf(ctx context.Context, m *outgoing, r reading, acc mapping.Account, msg bridges.Message) (errand, *stanza.Error) {
	if r.does == nothing {
		return sends(msg), nil
	}
	row, found := g.earlier(ctx, acc.ID, msg.Chat, r.of)
	switch {
	case !found || row.Parts > 1:
		if m.attempts == 0 {
			g.cfg.Metrics.changed.WithLabelValues(g.domain, "correction").Inc()
		}
		msg.Text = corrected + msg.Text
		return sends(msg), nil
	case row.Parts == 0:
		return nil, errNotYours
	}
	m.edits = row.ID
	e := bridges.Edit{Message: msg, Of: row.ID}
	return func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
		id, err := s.(bridges.Editor).Edit(ctx, e) // Info.Can says so
		if id == "" {
			id = bridges.MessageID("\x01edit " + e.Key)
		}
		return []bridges.MessageID{id}, err
	}, nil
}

func sends(msg bridges.Message) errand {
	return func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) { return s.Send(ctx, msg) }
}

// earlier finds the message of a chat that a user names by its stanza, or by that
// of an edit of it, as it first was.
func (g *Gateway) earlier(ctx context.Context, id bridges.AccountID, chat bridges.ChatID, stanzaID string) (row mapping.Message, found bool) {
	g.insist(ctx, "read messages", func() error {
		parts, err := g.store.Parts(ctx, g.domain, id, chat, stanzaID)
		if found = len(parts) > 0; !found {
			return err
		}
		row, found, err = g.unedited(ctx, parts[len(parts)-1])
		return err
	})
	return row, found && row.Account == id && row.Chat == chat
}

// unedited returns the message that an edit changed first of all, and any other
// as it is.
func (g *Gateway) unedited(ctx context.Context, row mapping.Message) (first mapping.Message, found bool, err error) {
	edit, is, err := g.store.MessageByID(ctx, g.domain, editID(row.ID))
	if err != nil || !is {
		return row, err == nil, err
	}
	return g.messageByID(ctx, bridges.MessageID(edit.Stanza))
}

func (g *Gateway) messageByID(ctx context.Context, id bridges.MessageID) (mapping.Message, bool, error) {
	return g.store.MessageByID(ctx, g.domain, id)
}

// editID names the row that says of what a message is an edit.
func editID(id bridges.MessageID) bridges.MessageID { return "\x01first " + id }

// editRows say of what the messages of rows are edits, if they are. They stand
// among the messages, in no chat, and go when they do.
func (g *Gateway) editRows(rows []mapping.Message, first bridges.MessageID) (all []mapping.Message) {
	if first == "" {
		return nil
	}
	for _, m := range rows {
		all = append(all, mapping.Message{
			Bridge: g.domain, ID: editID(m.ID), Account: m.Account, Stanza: string(first), At: m.At,
		})
	}
	return all
}

// unseen begins a text that was changed and never came before that.
const unseen = "Edited: "

// showEdit shows a text of the network that takes the place of another: as a
// correction of that (xeps.md 0308.1), or, where nobody has seen it, as a text
// that says so. Of somebody else's text it changes nothing.
func (g *Gateway) showEdit(ctx context.Context, in *incoming) {
	var row mapping.Message
	var known bool
	if !g.insist(ctx, "read messages", func() (err error) {
		row, known, err = g.messageByID(ctx, in.Of)
		if err == nil && known {
			row, known, err = g.unedited(ctx, row)
		}
		return err
	}) {
		return // it stays in the journal
	}
	own := g.isOwn(ctx, in)
	switch {
	case !known:
		in.Message.Text = unseen + in.Message.Text
	case row.Account != in.Account || row.Chat != in.Message.Chat || own != (row.Parts > 0):
		g.dropIn(ctx, in, "edit of another's message")
		return
	case own && row.Resource != "" && !g.showsOwn(hostOf(in.Account)):
		in.first, in.Message.Text = row.ID, unseen+in.Message.Text // the user has written it: it is not the contact's to change
	default:
		in.first, in.replaces = row.ID, row.Stanza
	}
	g.showMessage(ctx, in)
}
