package gateway

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"causeway/bridges"
	"causeway/mapping"
)

// partKey is the idempotency key of what is done to, or is, a part of a message. The
// key of the first is that of the message.
func partKey(key string, n int) string {
	if n == 0 {
		return key
	}
	return key + "+" + strconv.Itoa(n)
}

// partsOf returns the parts that a message of a user's has now, in order: those that it
// had at first, or what edits have left and added.
func (g *Gateway) partsOf(ctx context.Context, row mapping.Message) (ids []bridges.MessageID) {
	g.insist(ctx, "read messages", func() error {
		first, err := g.firstParts(ctx, row)
		if err != nil {
			return err
		}
		now, edited, err := g.messageByID(ctx, partsID(first[0]))
		if ids = first; edited && now.Stanza != "" {
			ids = splitIDs(now.Stanza)
		}
		return err
	})
	return ids
}

// lastPart returns the part of a message by which others speak of it: of a user's that
// has several now the last, as edits have left it.
func (g *Gateway) lastPart(ctx context.Context, row mapping.Message) bridges.MessageID {
	if row.Parts > 0 {
		if ids := g.partsOf(ctx, row); len(ids) > 0 {
			return ids[len(ids)-1]
		}
	}
	return row.ID
}

// firstParts returns those that it had at first. Another message may have the same
// stanza: what was sent at the same time is one.
func (g *Gateway) firstParts(ctx context.Context, row mapping.Message) (ids []bridges.MessageID, err error) {
	if row.Parts <= 1 {
		return []bridges.MessageID{row.ID}, nil
	}
	all, err := g.store.Parts(ctx, g.domain, row.Account, row.Chat, row.Stanza)
	for _, m := range all {
		if m.Parts == row.Parts && m.At.Equal(row.At) {
			ids = append(ids, m.ID)
		}
	}
	if err == nil && len(ids) == 0 {
		ids = []bridges.MessageID{row.ID} // the others were forgotten meanwhile
	}
	return ids, err
}

// partsID names the row that says which parts an edited message has, by its first one.
// It stands among the messages, in no chat, and goes when they do.
func partsID(first bridges.MessageID) bridges.MessageID { return "\x01parts " + first }

// idSeparator is in no id: it begins those that are ours alone.
const idSeparator = "\x01"

func joinIDs(ids []bridges.MessageID) string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = string(id)
	}
	return strings.Join(all, idSeparator)
}

func splitIDs(s string) (ids []bridges.MessageID) {
	for id := range strings.SplitSeq(s, idSeparator) {
		ids = append(ids, bridges.MessageID(id))
	}
	return ids
}

// editErrand changes the parts of an earlier text.
type editErrand struct {
	edit  bridges.Edit
	parts []bridges.MessageID // that the text has then
}

// rows say what was edited, and, of a text that has or had several parts, which it has
// now.
func (x *editErrand) rows(g *Gateway, rows []mapping.Message) []mapping.Message {
	all := g.editRows(rows, x.edit.Of)
	if len(x.edit.More) > 0 || len(rows) > 1 {
		all = append(all, mapping.Message{
			Bridge: g.domain, ID: partsID(x.edit.Of), Account: rows[0].Account, Stanza: joinIDs(x.parts), At: rows[0].At,
		})
	}
	return all
}

// edits changes an earlier text; when nobody knows that, it is a new one.
func (g *Gateway) edits(m *outgoing, msg bridges.Message, parts []bridges.MessageID) errand {
	if len(parts) == 0 {
		if m.attempts == 0 {
			g.cfg.Metrics.changed.WithLabelValues(g.domain, "correction").Inc()
		}
		msg.Text = corrected + msg.Text
		return &textErrand{msg}
	}
	return &editErrand{edit: bridges.Edit{Message: msg, Of: parts[0], More: parts[1:]}}
}

// do edits the text. Of a part that was there before, the id is that of the edit, for
// which the network may have none.
func (x *editErrand) do(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
	ids, err := s.(bridges.Editor).Edit(ctx, x.edit) // Info.Can says so
	if err != nil {
		return nil, err
	}
	ids = slices.Clone(ids[:min(len(ids), maxParts)])
	had := append([]bridges.MessageID{x.edit.Of}, x.edit.More...)
	for i := range ids {
		if i < len(had) {
			x.parts = append(x.parts, had[i])
		} else if ids[i] != "" {
			x.parts = append(x.parts, ids[i])
		}
		if ids[i] == "" {
			ids[i] = bridges.MessageID("\x01edit " + partKey(x.edit.Key, i))
		}
	}
	return ids, nil
}

// retractErrand takes all parts of a message back, one after the other: what was done is
// not done again by the next attempt, or not heard of after a crash.
type retractErrand struct {
	bridges.Retraction // of the message
	parts              []bridges.MessageID
	next               int              // the first part that is not done with
	stay               []*bridges.Error // why some could not be taken back
}

func retraction(m *outgoing, msg bridges.Message, parts []bridges.MessageID) errand {
	x := begun[retractErrand](m)
	x.Retraction, x.parts = bridges.Retraction{Chat: msg.Chat, From: msg.From, Key: msg.Key}, parts
	return x
}

func (x *retractErrand) do(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
	for ; x.next < len(x.parts); x.next++ {
		r := x.Retraction
		r.Key, r.Of = partKey(x.Key, x.next), x.parts[x.next]
		err := s.(bridges.Retractor).Retract(ctx, r) // Info.Can says so
		var e *bridges.Error
		switch {
		case err == nil:
		case ctx.Err() != nil, !errors.As(err, &e), e.Kind == bridges.Temporary, e.Kind == bridges.Unknown:
			return nil, err
		default:
			x.stay = append(x.stay, e)
		}
	}
	return nil, left(x.stay, len(x.parts))
}

// left makes an error of those because of which parts of a message could not be taken
// back.
func left(stay []*bridges.Error, parts int) error {
	switch len(stay) {
	case 0:
		return nil
	case parts:
		return stay[0]
	}
	e := *stay[0]
	e.Text = "A part of your message could not be taken back: " + strconv.Itoa(len(stay)) + " of " + strconv.Itoa(parts) + " that it has on the network. " + e.Text
	return &e
}
