package gateway

import (
	"context"
	"slices"
	"strings"
	"time"

	"causeway/bridges"
	"causeway/component/stanza"
	"causeway/component/xep/hints"
	"causeway/component/xep/markers"
	"causeway/component/xep/privilege"
	"causeway/mapping"
)

// marker is under what a marker that goes nowhere is counted.
const marker = "marker"

// mark is a marker of a user on its way to the network.
type mark struct {
	key mapping.Key // zero: it came beside a text
	id  string      // of the stanza up to which all was displayed
	at  time.Time
	// upTo is the message of that stanza, found when the marker has its turn.
	upTo mapping.Message
}

// hearMarker takes a message that is a marker, where the network wants to know.
// False: it is none, or the network cannot, or it is a text, too, which settles
// the message.
func (g *Gateway) hearMarker(s *stanza.Stanza, key mapping.Key, now time.Time) bool {
	if !g.info.Can.Has(bridges.CanDisplayed) {
		return false
	}
	id, ok := markers.Displayed(s)
	if !ok {
		return false
	}
	r := read(s, now)
	beside := r.text != ""
	if !beside && r.drop != marker {
		return false
	}
	if beside {
		key = mapping.Key{}
	}
	m, full := g.signs.marked(placeOf(s), mark{key: key, id: strings.Clone(id), at: now}, now)
	if full {
		g.dropMark(g.work, m, "too many markers")
	}
	return !beside
}

// dropMark settles a marker of which the network learns nothing.
func (g *Gateway) dropMark(ctx context.Context, m mark, reason string) {
	g.countDropped(reason)
	g.settle(ctx, m.key)
}

// findMarked finds the messages that markers of one chat are about, and puts the
// markers in the order of those.
func (g *Gateway) findMarked(ctx context.Context, p whose, marks []mark) {
	_, chat, ok := g.signer(ctx, p)
	for i := range marks {
		m := &marks[i]
		m.upTo = mapping.Message{}
		if !ok {
			continue
		}
		g.insist(ctx, "read messages", func() error {
			parts, err := g.store.Parts(ctx, g.domain, p.account, chat, m.id)
			if len(parts) > 0 {
				m.upTo = parts[len(parts)-1]
			}
			if of, ok := ofCaption(m.upTo.ID); ok {
				m.upTo.ID = of // the only one that the network knows
			}
			return err
		})
	}
	slices.SortStableFunc(marks, func(a, b mark) int { return a.upTo.At.Compare(b.upTo.At) })
}

// tellMark tells the network how far a user has read (xeps.md 0333.2). True: it
// is to be tried again. Nobody is told when it cannot be done: nobody asked.
func (g *Gateway) tellMark(ctx context.Context, p whose, m mark) (again bool) {
	acc, chat, ok := g.signer(ctx, p)
	switch {
	case ctx.Err() != nil:
		return true
	case !ok || m.upTo.ID == "":
		g.dropMark(ctx, m, "marker for an unknown message")
		return false
	}
	far := g.reached(byUser, m.upTo, trace(m.key))
	if !g.outruns(ctx, far) {
		g.dropMark(ctx, m, "older marker")
		return false
	}
	err := g.withSession(ctx, acc, func(ctx context.Context, s bridges.Session) error {
		return s.(bridges.Reader).Displayed(ctx, chat, m.upTo.ID) // Info.Can says so
	})
	switch {
	case ctx.Err() != nil, bridges.KindOf(err) == bridges.Temporary && time.Since(m.at) < markTime:
		return true
	case err != nil:
		g.log.Info("the network was not told what was read", "id", trace(m.key), "err", err)
		g.dropMark(ctx, m, "marker refused")
		return false
	}
	g.behind(ctx, &mapping.Batch{Settle: appendNamed(nil, m.key), PutMessages: []mapping.Message{far}})
	return false
}

// showDisplayed tells a user how far a contact has read: up to the newest text
// that the contact has seen, and never back (xeps.md 0333.3).
func (g *Gateway) showDisplayed(ctx context.Context, in *incoming) {
	if !g.member(ctx, in.Account) {
		g.dropIn(ctx, in, "no account")
		return
	}
	side := byContact
	if g.isSelf(ctx, in.Account, in.Displayed.From) {
		side = byUser
	}
	row, ok := g.marked(ctx, in, side)
	switch far := g.reached(side, row, in.Stanza); {
	case ctx.Err() != nil:
		return // it stays in the journal
	case !ok:
		g.dropIn(ctx, in, "marker for an unknown message")
	case !g.outruns(ctx, far):
		g.dropIn(ctx, in, "older marker")
	case side == byUser:
		g.showRead(ctx, in, far, row.Stanza)
	default:
		g.behind(ctx, &mapping.Batch{PutMessages: []mapping.Message{far}})
		o := &stanza.Out{
			Kind: stanza.Message, Type: "chat", ID: in.Stanza,
			From: g.contactJID(row.Chat) + "/" + resource, To: string(in.Account),
		}
		appendDisplayed(&o.Payload, row.Stanza)
		g.sendKeyed(ctx, o, in.key, &flight{account: in.Account, keep: o, inbound: true})
	}
}

// marked finds the message up to which somebody has read, with its caption. A contact
// reads what the user sent, to its last part.
func (g *Gateway) marked(ctx context.Context, in *incoming, side side) (row mapping.Message, ok bool) {
	d := in.Displayed
	row, ok, _ = g.stored(ctx, d.UpTo)
	fromHere := row.Parts > 0 && row.Resource != "" // and has no caption: that is mostly so
	if !fromHere && g.info.Can.Has(bridges.CanFiles) {
		if caption, is, _ := g.stored(ctx, captionOf(d.UpTo)); is {
			row, ok = caption, true
		}
	}
	ok = ok && row.Account == in.Account && row.Chat == d.Chat && row.Stanza != ""
	return row, ok && (side == byUser || row.Part+1 == row.Parts)
}

// showRead shows on all devices what the user has read elsewhere, if the host
// lets us (xeps.md 0333.7). The copy that comes back says nothing new.
func (g *Gateway) showRead(ctx context.Context, in *incoming, far mapping.Message, id string) {
	host := hostOf(in.Account)
	if !g.showsOwn(host) {
		g.countDropped("read elsewhere")
		g.finishIn(ctx, in, &mapping.Batch{PutMessages: []mapping.Message{far}})
		return
	}
	g.behind(ctx, &mapping.Batch{PutMessages: []mapping.Message{far}})
	o := &stanza.Out{Kind: stanza.Message, ID: newID(), From: g.domain, To: host}
	privilege.Forwarded{
		From: string(in.Account), To: g.contactJID(in.Displayed.Chat), ID: in.Stanza,
		Payload: func(w *stanza.Writer) { appendDisplayed(w, id) },
	}.Append(&o.Payload)
	g.sendKeyed(ctx, o, in.key, &flight{account: in.Account, inbound: true})
}

// appendDisplayed writes a marker that servers keep although it has no body
// (xeps.md 0334.1).
func appendDisplayed(w *stanza.Writer, id string) {
	markers.AppendDisplayed(w, id)
	hints.AppendStore(w)
}

// side is who has read.
type side string

// The sides. The values are on disk.
const (
	byUser    side = "u"
	byContact side = "c"
)

// reached is the row that says how far one side has read a chat: up to a message,
// as some marker says. It stands among the messages, in no chat, and goes when
// they do.
func (g *Gateway) reached(by side, m mapping.Message, said string) mapping.Message {
	return mapping.Message{
		Bridge: g.domain, ID: bridges.MessageID("\x01read " + string(by) + " " + string(m.Account) + " " + string(m.Chat)),
		Account: m.Account, Stanza: said, At: m.At,
	}
}

// outruns tells whether far is farther than what is known, or is what the same
// marker said that a predecessor was about to pass on. Messages are in the order
// of their time; those that came together differ by a nanosecond (accept).
func (g *Gateway) outruns(ctx context.Context, far mapping.Message) bool {
	was, known, _ := g.stored(ctx, far.ID)
	return !known || far.At.After(was.At) || far.At.Equal(was.At) && far.Stanza == was.Stanza
}
