package gateway

import (
	"context"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/chatstates"
	"causeway/component/xep/correct"
	"causeway/component/xep/delay"
	"causeway/component/xep/markers"
	"causeway/component/xep/reactions"
	"causeway/component/xep/reply"
	"causeway/component/xep/retract"
	"causeway/component/xep/styling"
	"causeway/component/xep/thread"
	"causeway/mapping"
)

// late is the age from which a message shows when it was sent. A shorter
// delay would only make clients mark it as late (xeps.md 0203.4).
const late = 10 * time.Second

// stepIn turns one event of the network into what the user sees of it.
func (g *Gateway) stepIn(in *incoming) {
	g.contain("an event of the network", step{
		key:      in.key,
		poisoned: func(reason string) { g.poisonedEvent(in, reason) },
		run: func(ctx context.Context) {
			in.tried()
			if g.heardNoMore(ctx, in) {
				g.dropIn(ctx, in, "blocked by the user")
				return
			}
			switch in.Kind {
			case kindMessage:
				g.showMessage(ctx, in)
			case kindEdit:
				g.showEdit(ctx, in)
			case kindRetraction:
				g.showRetraction(ctx, in)
			case kindReaction:
				g.showReaction(ctx, in)
			case kindReceipt:
				g.showReceipt(ctx, in)
			case kindPart:
				g.keepPart(ctx, in)
			case kindChange:
				g.contactLater(in, g.changeContact)
			case kindRequest:
				g.contactLater(in, g.request)
			case kindDisplayed:
				g.showDisplayed(ctx, in)
			}
		},
	})
}

// dropIn gives up an event that the user does not see.
func (g *Gateway) dropIn(ctx context.Context, in *incoming, reason string) {
	g.countDropped(reason)
	g.log.Debug("event dropped", "id", trace(in.key), "reason", reason)
	g.finishIn(ctx, in, new(mapping.Batch))
}

// finishIn settles an event that becomes no stanza, together with b.
func (g *Gateway) finishIn(ctx context.Context, in *incoming, b *mapping.Batch) {
	g.settleIn(in, b)
	g.behind(ctx, b)
	g.flights.release(1)
}

// settleIn has b settle an event, and what is known of its stanza.
func (g *Gateway) settleIn(in *incoming, b *mapping.Batch) {
	b.Settle = append(b.Settle, in.key)
	if q, failed := g.inherited.take(in.Stanza); failed {
		b.Settle = append(b.Settle, q.under)
	}
}

func (g *Gateway) showMessage(ctx context.Context, in *incoming) {
	if !g.member(ctx, in.Account) {
		g.dropIn(ctx, in, "no account")
		return
	}
	own := g.isOwn(ctx, in)
	if in.Message.ID != "" && (own && g.echoes(ctx, in) || !g.claimID(ctx, in, own)) {
		g.dropIn(ctx, in, "repetition of the network")
		return
	}
	g.findAnswered(ctx, in)
	g.findThread(ctx, in)
	if own && g.showOwn(ctx, in) {
		g.hot.in.Inc()
		return
	}
	if own && g.hidesOwn(ctx, in) {
		return
	}
	o := g.chatMessage(in, own, time.Now())
	if !own && in.says() {
		g.introduce(ctx, &o.Payload, in)
		if g.info.Can.Has(bridges.CanTyping) {
			g.typing.ends(chatKey{in.Account, in.Message.Chat})
		}
	}
	g.sendKeyed(ctx, o, in.key, &flight{account: in.Account, keep: o, inbound: true})
	g.hot.in.Inc()
	if g.debugs() {
		g.log.Debug("message for the user", "id", trace(in.key), "stanza", o.ID)
	}
}

// claimID ties the network's id to the stanza. False: another stanza has it.
func (g *Gateway) claimID(ctx context.Context, in *incoming, own bool) bool {
	m, found, ok := g.stored(ctx, in.Message.ID)
	if !ok || found {
		return !ok || m.Stanza == in.Stanza
	}
	rows := g.claim(in, own, in.first)
	g.behind(ctx, &mapping.Batch{PutMessages: append(rows, g.captionRows(in, rows[0])...)})
	return true
}

// claim returns the rows that say to which stanza the network's id belongs, and of
// which message that is an edit.
func (g *Gateway) claim(in *incoming, own bool, first bridges.MessageID) []mapping.Message {
	m := mapping.Message{
		Bridge: g.domain, ID: in.Message.ID, Account: in.Account, Chat: in.Message.Chat,
		Stanza: in.Stanza, State: bridges.Delivered, At: in.At,
	}
	if own {
		m.Parts = 1
	}
	rows := []mapping.Message{m}
	rows = append(rows, g.editRows(rows, first)...)
	return append(rows, g.fileRows(in, m)...)
}

// chatMessage shapes a message of a contact (xeps.md 5.1): from its one
// resource to the bare JID, so that the server can fan out, copy and archive.
// One of the user's own has a mark.
func (g *Gateway) chatMessage(in *incoming, own bool, now time.Time) *stanza.Out {
	o := &stanza.Out{
		Kind: stanza.Message, Type: "chat", ID: in.Stanza,
		From: g.contactJID(in.Message.Chat) + "/" + resource, To: string(in.Account),
	}
	text := in.Message.Text
	if own {
		text = ownMark + text
	}
	g.appendText(&o.Payload, in, text, now)
	if !own && in.says() {
		g.appendSigns(&o.Payload, in)
	}
	return o
}

// appendSigns writes what a text of a contact tells and asks beside itself: that
// it was typed to the end (xeps.md 0085.3), and when it is read (0333.1).
func (g *Gateway) appendSigns(w *stanza.Writer, in *incoming) {
	if g.info.Can.Has(bridges.CanTyping) {
		chatstates.Append(w, chatstates.Active)
	}
	if in.Message.ID != "" && g.info.Can.Has(bridges.CanDisplayed) {
		markers.AppendMarkable(w)
	}
}

// appendText writes the text of a message, and when it was sent.
func (g *Gateway) appendText(w *stanza.Writer, in *incoming, text string, now time.Time) {
	switch {
	case in.Kind == kindReaction:
		reactions.Reactions{ID: in.replaces, All: in.Emojis}.Append(w)
	case in.Kind == kindRetraction:
		retract.Append(w, in.replaces, tookBack)
	case in.replaces != "":
		correct.Append(w, in.replaces)
		fallthrough
	default:
		g.appendAnswer(w, in, text)
	}
	sent := in.Message.Sent
	if sent.IsZero() {
		sent = in.At
	}
	if now.Sub(sent) > late {
		delay.Delay{From: g.domain, Stamp: sent}.Append(w)
	}
}

// appendBody writes a text of the network, behind what it quotes. What looks like
// styling and is not meant so is marked (xeps.md 0393.3); what only the quote makes
// look like it is not.
func (g *Gateway) appendBody(w *stanza.Writer, m bridges.Message) {
	w.Leaf("body", "", reply.Quoted(m.Quote, m.Text))
	if (m.Unstyled || !g.info.Can.Has(bridges.CanStyling)) && styling.Styled(m.Text) {
		styling.AppendUnstyled(w)
	}
}

// unstyled tells whether nothing in a user's text is meant as styling, as far as the
// network asks.
func (g *Gateway) unstyled(s *stanza.Stanza) bool {
	return g.info.Can.Has(bridges.CanStyling) && styling.Unstyled(s)
}

// appendAnswer writes a text of the network, what it answers, which part of it is
// there for those who do not know answers (xeps.md 0461.1, .3), and its thread.
func (g *Gateway) appendAnswer(w *stanza.Writer, in *incoming, text string) {
	if in.answers != "" {
		reply.Append(w, in.answers, in.author)
	}
	if in.shared.is(text) {
		in.shared.append(w)
	} else {
		if in.answers != "" {
			reply.AppendQuoted(w, in.Message.Quote)
		}
		m := *in.Message
		m.Text = text
		g.appendBody(w, m)
	}
	thread.Append(w, in.thread)
}
