package gateway

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

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

// edited is what an edit comes to on the network: of which message, and the parts that
// this has then.
type edited struct {
	first bridges.MessageID // as it first was; empty: nothing is edited
	parts []bridges.MessageID
	more  bool // there is, or was, more than one
}

// rows say of an edit, of which these are the rows, what is to be known later.
func (e edited) rows(g *Gateway, rows []mapping.Message, id bridges.AccountID, now time.Time) []mapping.Message {
	all := g.editRows(rows, e.first)
	if e.more && len(e.parts) > 0 {
		all = append(all, mapping.Message{Bridge: g.domain, ID: partsID(e.first), Account: id, Stanza: joinIDs(e.parts), At: now})
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
		return sends(msg)
	}
	e := bridges.Edit{Message: msg, Of: parts[0], More: parts[1:]}
	return func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
		ids, err := s.(bridges.Editor).Edit(ctx, e) // Info.Can says so
		if err != nil {
			return nil, err
		}
		ids = append([]bridges.MessageID(nil), ids[:min(len(ids), maxParts)]...)
		m.edit = edited{first: parts[0], more: len(parts) > 1 || len(ids) > 1}
		for i := range ids {
			if i < len(parts) {
				m.edit.parts = append(m.edit.parts, parts[i])
			} else if ids[i] != "" {
				m.edit.parts = append(m.edit.parts, ids[i])
			}
			if ids[i] == "" {
				ids[i] = bridges.MessageID("\x01edit " + partKey(e.Key, i))
			}
		}
		return ids, nil
	}
}

// retracts takes all parts of a message back, one after the other: what was done is not
// done again by the next attempt, or not heard of after a crash.
func (g *Gateway) retracts(m *outgoing, msg bridges.Message, parts []bridges.MessageID) errand {
	return func(ctx context.Context, s bridges.Session) ([]bridges.MessageID, error) {
		for ; m.next < len(parts); m.next++ {
			x := bridges.Retraction{Chat: msg.Chat, From: msg.From, Key: partKey(msg.Key, m.next), Of: parts[m.next]}
			err := s.(bridges.Retractor).Retract(ctx, x) // Info.Can says so
			var e *bridges.Error
			switch {
			case err == nil:
			case ctx.Err() != nil, !errors.As(err, &e), e.Kind == bridges.Temporary, e.Kind == bridges.Unknown:
				return nil, err
			default:
				m.stay = append(m.stay, e)
			}
		}
		return nil, left(m.stay, len(parts))
	}
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
