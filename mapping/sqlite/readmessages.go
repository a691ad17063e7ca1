package sqlite

import (
	"context"
	"maps"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"causeway/bridges"
	"causeway/mapping"
)

// partsLimit is how many parts a message can have (mapping.Message.Part).
const partsLimit = 256

const messageColumns = `SELECT m.bridge, m.id, m.account, m.chat, m.stanza, m.resource, m.receipt,
	m.part, m.parts, m.state, m.at, m.seq `

func scanMessage(r *sqlite.Stmt) mapping.Message {
	return mapping.Message{
		Bridge: r.ColumnText(0), ID: bridges.MessageID(r.ColumnText(1)),
		Account: bridges.AccountID(r.ColumnText(2)), Chat: bridges.ChatID(r.ColumnText(3)),
		Stanza: r.ColumnText(4), Resource: r.ColumnText(5), Receipt: r.ColumnBool(6),
		Part: uint8(r.ColumnInt64(7)), Parts: uint8(r.ColumnInt64(8)),
		State: bridges.State(r.ColumnInt64(9)), At: fromNanos(r.ColumnInt64(10)),
	}
}

// MessageByID implements mapping.Messages.
func (s *Store) MessageByID(ctx context.Context, bridge string, id bridges.MessageID) (m mapping.Message, ok bool, err error) {
	if s.queue.behindMessage(messageName{bridge, id}) {
		if err := s.flush(ctx); err != nil {
			return m, false, err
		}
	}
	h := idHash(bridge, id)
	err = s.use(ctx, func(c *sqlite.Conn) (err error) {
		row := func(r *sqlite.Stmt) { m = scanMessage(r) }
		if seq, fresh := s.fresh.byID(h); fresh {
			ok, err = scan(c, messageColumns+"FROM messages m WHERE m.seq = ? AND m.id = ? AND m.bridge = ?",
				row, seq, string(id), bridge)
		}
		if err == nil && !ok {
			ok, err = scan(c, messageColumns+`FROM message_ids i CROSS JOIN messages m ON m.seq = i.seq
				WHERE i.hash = ? AND m.id = ? AND m.bridge = ?`, row, h, string(id), bridge)
		}
		return err
	})
	return m, ok, err
}

// Parts implements mapping.Messages. They come in the order of Part. When a
// client gave many messages the same id, some of them are missing.
func (s *Store) Parts(ctx context.Context, bridge string, account bridges.AccountID, chat bridges.ChatID, stanza string) ([]mapping.Message, error) {
	found := map[int64]mapping.Message{}
	same := " AND m.account = ? AND m.stanza = ? AND m.bridge = ? AND m.chat = ?" + limit(partsLimit)
	h := stanzaHash(account, stanza)
	err := s.read(ctx, messageTopic, func(c *sqlite.Conn) error {
		find := func(text string, key int64) error {
			return query(c, messageColumns+text+same,
				func(r *sqlite.Stmt) { found[r.ColumnInt64(11)] = scanMessage(r) },
				key, string(account), stanza, bridge, string(chat))
		}
		fresh := s.fresh.byStanza(h)
		for _, seq := range fresh[max(0, len(fresh)-partsLimit):] {
			if err := find("FROM messages m WHERE m.seq = ?", seq); err != nil {
				return err
			}
		}
		return find("FROM message_stanzas s CROSS JOIN messages m ON m.seq = s.seq WHERE s.hash = ?", h)
	})
	var parts []mapping.Message
	for _, seq := range slices.Sorted(maps.Keys(found)) {
		parts = append(parts, found[seq])
	}
	slices.SortStableFunc(parts, func(a, b mapping.Message) int { return int(a.Part) - int(b.Part) })
	return parts, err
}

// numbered is a row with its place in its table.
type numbered[T any] struct {
	seq int64
	row T
}

// eachNumbered calls f for the rows of a query, whose first column is the
// place, in the order of places.
func eachNumbered[T any](ctx context.Context, s *Store, text string, since time.Time, bridge string,
	scan func(*sqlite.Stmt) T, f func(T) error,
) error {
	return pages(ctx, s, bookTopic, func(c *sqlite.Conn, last *numbered[T]) (rows []numbered[T], err error) {
		var after int64
		if last != nil {
			after = last.seq
		}
		err = query(c, text+" AND seq > ? ORDER BY seq"+limit(pageRows),
			func(r *sqlite.Stmt) { rows = append(rows, numbered[T]{r.ColumnInt64(0), scan(r)}) },
			bridge, since, after)
		return rows, err
	}, func(n numbered[T]) error { return f(n.row) })
}

// RecentOnce implements mapping.Messages, oldest first.
func (s *Store) RecentOnce(ctx context.Context, bridge string, since time.Time, f func(mapping.Once) error) error {
	return eachNumbered(ctx, s, "SELECT seq, bridge, fingerprint, stream, at FROM once WHERE bridge = ? AND at >= ?", since, bridge,
		func(r *sqlite.Stmt) mapping.Once {
			return mapping.Once{
				Bridge: r.ColumnText(1), Fingerprint: r.ColumnText(2),
				Stream: uint64(r.ColumnInt64(3)), At: fromNanos(r.ColumnInt64(4)),
			}
		}, f)
}

// Quarantined implements mapping.Store.
func (s *Store) Quarantined(ctx context.Context, f func(mapping.Quarantined) error) error {
	return eachNumbered(ctx, s, `SELECT seq, cycle, idx, bridge, kind, data, reason, at FROM quarantine
		WHERE (?1 = '' OR bridge = ?1) AND at >= ?2`, time.Time{}, "", scanQuarantined, f)
}

func scanQuarantined(r *sqlite.Stmt) mapping.Quarantined {
	return mapping.Quarantined{
		Key:    scanKey(r, 1),
		Bridge: r.ColumnText(3),
		Record: mapping.Record{Kind: mapping.Kind(r.ColumnInt64(4)), Data: blob(r, 5)},
		Reason: r.ColumnText(6),
		At:     fromNanos(r.ColumnInt64(7)),
	}
}

func scanKey(r *sqlite.Stmt, col int) mapping.Key {
	return mapping.Key{Cycle: uint64(r.ColumnInt64(col)), Index: uint32(r.ColumnInt64(col + 1))}
}
