package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/correct"
	"causeway/component/xep/reactions"
	"causeway/component/xep/reply"
	"causeway/component/xep/retract"
	"causeway/mapping"
)

// looksBack is what needs to know messages by their ids, both of them.
const looksBack = bridges.CanDisplayed | bridges.CanEdits | bridges.CanRetractions | bridges.CanReactions |
	bridges.CanReplies | bridges.CanThreads

// deed is what a message does to an earlier one.
type deed uint8

// The deeds.
const (
	nothing  deed = iota
	edits         // its text takes the place of that one's
	retracts      // that one is taken back
	reacts        // it is reacted to
	answers       // it is answered, which is no deed of its own: the text may be an edit, too
	carries       // nothing: there is a file
)

// wordless: what is in the text is for those who do not know the deed.
func (x deed) wordless() bool { return x == retracts || x == reacts }

// late returns the error that says of a text that it was not sent, or perhaps not; of a
// deed it says what that is of.
func (x deed) late(e *stanza.Error) *stanza.Error {
	if x == nothing {
		return e
	}
	return errNotDone
}

// said is by what a reading is known: its text, or what it does without one.
func (r *reading) said() string {
	if r.files != nil {
		return r.linked
	}
	if !r.does.wordless() {
		return r.text
	}
	return "\x01" + r.of + " " + strings.Join(r.emojis, " ") // no text of XML
}

// does tells whether the network can do what is in a message to which a rule
// belongs, and notes that.
func (d *draft) does(rule *fallbackRule, r *reading) bool {
	if rule.lacks == 0 || !d.can.Has(rule.lacks) {
		return false
	}
	of := ""
	switch rule.does {
	case edits:
		of, _ = correct.Find(d.s)
	case retracts:
		of, _ = retract.Find(d.s)
	case reacts:
		x, _ := reactions.Find(d.s)
		of, r.emojis = x.ID, x.All
	case carries:
		r.files, r.linked = d.carry()
		return r.files != nil
	case answers:
		if r.answers, _ = reply.Find(d.s); r.answers != "" {
			cutQuote(d)
		}
		return r.answers != ""
	}
	if of != "" {
		r.does, r.of = rule.does, of
	}
	return of != ""
}

// errand hands what a user says to the network, as Session.Send does.
type errand func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error)

var (
	errNotYours = &stanza.Error{
		Type: "auth", Condition: "forbidden",
		Text: "Only your own messages can be changed or taken back.",
	}
	errNotKnown = &stanza.Error{
		Type: "cancel", Condition: "item-not-found",
		Text: "This message is too old, or was never sent: nothing can be done to it.",
	}
	errNotDone = &stanza.Error{
		Type: "wait", Condition: "remote-server-timeout",
		Text: "The network did not confirm this in time: the earlier message may still be as it was.",
	}
	errOfNothing = &stanza.Error{
		Type: "modify", Condition: "bad-request",
		Text: "Your program does not say to which message this belongs: nothing was done.",
	}
)

// errandOf returns how the network is given msg, which m comes to: as a text, or
// as what it does to an earlier one.
func (g *Gateway) errandOf(ctx context.Context, m *outgoing, r reading, acc mapping.Account, msg bridges.Message) (errand, *stanza.Error) {
	if r.files != nil && !g.carriesAgain(ctx, r, acc, msg.Chat) {
		return g.carries(ctx, m, r, acc, msg), nil
	}
	if r.does == nothing {
		return sends(g.inThread(ctx, m, acc, g.answer(ctx, m, r, acc, msg))), nil
	}
	row, found := g.earlier(ctx, acc.ID, msg.Chat, r.of)
	if r.does == reacts {
		if found {
			row.ID = g.lastPart(ctx, row)
		}
		return reactsTo(row, found, r.emojis, msg)
	}
	var parts []bridges.MessageID
	if found {
		parts = g.partsOf(ctx, row)
	}
	switch {
	case ctx.Err() != nil:
		return nil, nil // whoever asks looks
	case found && row.Parts == 0:
		return nil, errNotYours
	case r.does == edits:
		return g.edits(m, msg, parts), nil
	case !found:
		return nil, errNotKnown
	}
	return g.retracts(m, msg, parts), nil
}

// answer has msg say what it answers, if it does. Where nobody knows that, the text
// has its quote (xeps.md 0461.6).
func (g *Gateway) answer(ctx context.Context, m *outgoing, r reading, acc mapping.Account, msg bridges.Message) bridges.Message {
	if r.answers == "" {
		return msg
	}
	row, found := g.earlier(ctx, acc.ID, msg.Chat, r.answers)
	if found {
		msg.ReplyTo = g.lastPart(ctx, row)
		return msg
	}
	d := g.draft(m)
	d.can &^= bridges.CanReplies
	d.chosen = func(string) string { return "" } // the quote stays
	msg.Text = d.read().text
	return msg
}

// reactsTo has the network show reactions, to whosever message it is.
func reactsTo(row mapping.Message, found bool, emojis []string, msg bridges.Message) (errand, *stanza.Error) {
	if !found {
		return nil, errNotKnown
	}
	x := bridges.Reaction{Chat: msg.Chat, From: msg.From, Key: msg.Key, Of: row.ID, Emojis: emojis}
	return func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
		return nil, s.(bridges.Reactor).React(ctx, x) // Info.Can says so
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

// unseen begins a text that was changed and never came before that.
const unseen = "Edited: "

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

// showEdit shows a text of the network that takes the place of another: as a
// correction of that (xeps.md 0308.1), or, where nobody has seen it, as a text
// that says so. Of somebody else's text it changes nothing.
func (g *Gateway) showEdit(ctx context.Context, in *incoming) {
	row, known, ok := g.target(ctx, in.Of)
	own := g.isOwn(ctx, in)
	switch {
	case !ok:
		return
	case !known:
		in.Message.Text = unseen + in.Message.Text
	case !byAuthor(in, row, own):
		g.dropIn(ctx, in, "edit of another's message")
		return
	case g.theirs(in, row, own):
		in.first, in.Message.Text = row.ID, unseen+in.Message.Text
	default:
		in.first, in.replaces = row.ID, row.Stanza
		if !g.aim(ctx, in, row.ID) {
			return
		}
	}
	g.showMessage(ctx, in)
}

// tookBack is for programs that do not know retractions.
const tookBack = "(A message was taken back. Your program does not show which.)"

// showRetraction shows that a message was taken back by its author (xeps.md
// 0424.1).
func (g *Gateway) showRetraction(ctx context.Context, in *incoming) {
	row, known, ok := g.target(ctx, in.Of)
	own := g.isOwn(ctx, in)
	switch {
	case !ok || g.hasNoCaption(ctx, in, known):
		return
	case !known:
		g.dropIn(ctx, in, "retraction of an unknown message")
	case !byAuthor(in, row, own):
		g.dropIn(ctx, in, "retraction of another's message")
	case g.theirs(in, row, own):
		g.dropIn(ctx, in, "own retraction")
	case row.ID != in.Of && (in.recalls == recallAsked || !g.info.Can.Has(bridges.CanEdits)):
		g.dropIn(ctx, in, "retraction of an edit")
	case row.ID != in.Of:
		in.first, in.recalls = row.ID, toRecall
	default:
		in.replaces = row.Stanza
		g.showMessage(ctx, in)
	}
}

// showReaction shows all with which somebody reacts to a message (xeps.md 0444.1),
// unless that has been shown. To what nobody knows nothing is (0444.9).
func (g *Gateway) showReaction(ctx context.Context, in *incoming) {
	row, known, ok := g.target(ctx, in.Of)
	own := g.isOwn(ctx, in)
	shown := g.reacted(in, row, own)
	switch {
	case !ok:
		return
	case !g.member(ctx, in.Account):
		g.dropIn(ctx, in, "no account")
	case !known || row.Account != in.Account || row.Chat != in.Message.Chat || row.Stanza == "":
		g.dropIn(ctx, in, "reaction to an unknown message")
	case own && !g.showsOwn(hostOf(in.Account)):
		g.dropIn(ctx, in, "own reaction")
	case g.knows(ctx, shown):
		g.dropIn(ctx, in, "repetition of the network")
	default:
		in.replaces = row.Stanza
		g.behind(ctx, &mapping.Batch{PutMessages: []mapping.Message{shown}})
		g.showMessage(ctx, in)
	}
}

// reacted is the row that says with what somebody reacts to a message, and which
// stanza told it. It stands among the messages, in no chat, and goes when they do.
func (g *Gateway) reacted(in *incoming, row mapping.Message, own bool) mapping.Message {
	side := byContact
	if own {
		side = byUser
	}
	return mapping.Message{
		Bridge: g.domain, ID: bridges.MessageID("\x01reacts " + string(side) + " " + string(row.ID)),
		Account: in.Account, Stanza: strings.Join(in.Emojis, " "), Resource: in.Stanza, At: in.At,
	}
}

// knows tells whether another stanza has told these reactions last, or none was
// told and there is none.
func (g *Gateway) knows(ctx context.Context, shown mapping.Message) bool {
	was, _, _ := g.stored(ctx, shown.ID)
	return was.Stanza == shown.Stanza && was.Resource != shown.Resource
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
