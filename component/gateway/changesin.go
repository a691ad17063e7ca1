package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/mapping"
)

// unseen begins a text that was changed and never came before that.
const unseen = "Edited: "

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
