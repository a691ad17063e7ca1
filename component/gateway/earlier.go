package gateway

import (
	"context"

	"causeway/bridges"
	"causeway/mapping"
)

// looksBack is what needs to know messages by their ids, both of them.
const looksBack = bridges.CanDisplayed | bridges.CanEdits | bridges.CanRetractions | bridges.CanReactions |
	bridges.CanReplies | bridges.CanThreads

// earlier finds the message of a chat that a user names by its stanza, or by that
// of an edit of it, as it first was.
func (g *Gateway) earlier(ctx context.Context, id bridges.AccountID, chat bridges.ChatID, stanzaID string) (row mapping.Message, found bool) {
	g.insist(ctx, "read messages", func() error {
		parts, err := g.store.Parts(ctx, g.domain, id, chat, stanzaID)
		if found = len(parts) > 0; !found {
			return err
		}
		row, found, err = g.unedited(ctx, newest(parts))
		return err
	})
	return row, found && row.Account == id && row.Chat == chat
}

// newest returns the last part of the newest of messages that have the same stanza.
func newest(parts []mapping.Message) (last mapping.Message) {
	for _, m := range parts {
		if !m.At.Before(last.At) {
			last = m
		}
	}
	return last
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

// stored is messageByID, which it insists on. Not ok: the gateway ends.
func (g *Gateway) stored(ctx context.Context, id bridges.MessageID) (row mapping.Message, found, ok bool) {
	ok = g.insist(ctx, "read messages", func() (err error) {
		row, found, err = g.messageByID(ctx, id)
		return err
	})
	return row, found, ok
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

// target finds the message that an event of the network is about, as it first was.
// False: the gateway ends, and the event stays in the journal.
func (g *Gateway) target(ctx context.Context, of bridges.MessageID) (row mapping.Message, known, ok bool) {
	ok = g.insist(ctx, "read messages", func() (err error) {
		row, known, err = g.messageByID(ctx, of)
		if _, caption := ofCaption(of); err == nil && known && !caption {
			row, known, err = g.unedited(ctx, row)
		}
		return err
	})
	return row, known, ok
}

// byAuthor tells whether an event comes from who has written the message that it
// is about, in its chat.
func byAuthor(in *incoming, row mapping.Message, own bool) bool {
	return row.Account == in.Account && row.Chat == in.Message.Chat && own == (row.Parts > 0)
}

// theirs tells whether it is not for the contact to change a message: the user has
// written it here, and the host shows nothing as the user's.
func (g *Gateway) theirs(in *incoming, row mapping.Message, own bool) bool {
	return own && row.Resource != "" && !g.showsOwn(hostOf(in.Account))
}

// ofChat finds a message in the chat of a text of the network; false: nobody knows it.
func (g *Gateway) ofChat(ctx context.Context, in *incoming, id bridges.MessageID) (row mapping.Message, known bool) {
	if id == "" {
		return row, false
	}
	row, known, _ = g.target(ctx, id)
	return row, known && row.Account == in.Account && row.Chat == in.Message.Chat && row.Stanza != ""
}

// findAnswered notes what a text answers, and by whom that is: people and their own
// addresses, since some clients show no answer to nobody (xeps.md 0461.1).
func (g *Gateway) findAnswered(ctx context.Context, in *incoming) {
	row, known := g.ofChat(ctx, in, in.Message.ReplyTo)
	if !known {
		return
	}
	in.answers, in.author = row.Stanza, string(in.Account)
	if row.Parts == 0 {
		in.author = g.contactJID(row.Chat)
	}
}
