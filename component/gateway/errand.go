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

// errand is what a message of a user's is for the network. Each attempt makes it anew,
// of what is known then; what is done in several steps goes on with the last one's
// (begun).
type errand interface {
	// do hands it to the network, as Session.Send does.
	do(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error)
}

// noting is an errand of which more is to be known later than that the network has it.
type noting interface {
	errand
	// rows say that, when it is done. There is at least one row of what it has become.
	rows(g *Gateway, rows []mapping.Message) []mapping.Message
}

// begun is the errand of m, if it is one of these, as far as an earlier attempt came
// with it.
func begun[E any](m *outgoing) *E {
	if x, ok := any(m.errand).(*E); ok {
		return x
	}
	return new(E)
}

// textErrand sends a text.
type textErrand struct{ msg bridges.Message }

func (x *textErrand) do(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
	return s.Send(ctx, x.msg)
}

// reactErrand has the network show reactions.
type reactErrand struct{ bridges.Reaction }

func (x *reactErrand) do(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
	return nil, s.(bridges.Reactor).React(ctx, x.Reaction) // Info.Can says so
}

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
		return &textErrand{g.inThread(ctx, m, acc, g.answer(ctx, m, r, acc, msg))}, nil
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
	return retraction(m, msg, parts), nil
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
	return &reactErrand{bridges.Reaction{Chat: msg.Chat, From: msg.From, Key: msg.Key, Of: row.ID, Emojis: emojis}}, nil
}
