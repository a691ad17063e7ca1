package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"causeway/bridges"
	"causeway/mapping"
)

// partsLimit is how many parts a message can have (mapping.Message.Part).
const partsLimit = 256

const messageColumns = `SELECT bridge, id, account, chat, stanza, resource, receipt,
	part, parts, state, at FROM messages `

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
	err = s.use(ctx, func(c *sqlite.Conn) (err error) {
		ok, err = scan(c, messageColumns+"WHERE id = ? AND bridge = ?",
			func(r *sqlite.Stmt) { m = scanMessage(r) }, string(id), bridge)
		return err
	})
	return m, ok, err
}

// Parts implements mapping.Messages. They come in the order of Part.
func (s *Store) Parts(ctx context.Context, bridge string, account bridges.AccountID, chat bridges.ChatID, stanza string) (parts []mapping.Message, err error) {
	err = s.read(ctx, messageTopic, func(c *sqlite.Conn) error {
		return query(c, messageColumns+`WHERE account = ? AND stanza = ? AND bridge = ? AND chat = ?
			ORDER BY part, seq LIMIT ?`,
			func(r *sqlite.Stmt) { parts = append(parts, scanMessage(r)) },
			string(account), stanza, bridge, string(chat), partsLimit)
	})
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
		err = query(c, text+" AND seq > ? ORDER BY seq LIMIT ?",
			func(r *sqlite.Stmt) { rows = append(rows, numbered[T]{r.ColumnInt64(0), scan(r)}) },
			bridge, since, after, pageRows)
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
