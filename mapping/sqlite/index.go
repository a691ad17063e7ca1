package sqlite

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"causeway/bridges"
)

// indexBatch is how many entries of the index one transaction changes: some
// milliseconds.
const indexBatch = 1000

// indexChange is one change for each of many messages, made in the order in
// which it meets the pages of a table.
type indexChange struct {
	query string
	hash  func(entry) int64 // nil: the rows themselves
}

func byID(e entry) int64     { return e.id }
func byStanza(e entry) int64 { return e.stanza }

var (
	insertID     = indexChange{"INSERT OR IGNORE INTO message_ids (hash, seq) VALUES (?, ?)", byID}
	insertStanza = indexChange{"INSERT OR IGNORE INTO message_stanzas (hash, seq) VALUES (?, ?)", byStanza}
	deleteID     = indexChange{"DELETE FROM message_ids WHERE hash = ? AND seq = ?", byID}
	deleteStanza = indexChange{"DELETE FROM message_stanzas WHERE hash = ? AND seq = ?", byStanza}
	deleteRow    = indexChange{"DELETE FROM messages WHERE seq = ?", nil}
)

func (c indexChange) apply(t *tx, e entry) error {
	if c.hash == nil {
		t.dropped = append(t.dropped, e.seq)
		return exec(t.conn, c.query, e.seq)
	}
	return exec(t.conn, c.query, c.hash(e), e.seq)
}

// indexer writes the index of the fresh messages when there are many, until
// ctx ends. What is not written then is fresh again after the next Open.
func (s *Store) indexer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.fresh.full:
			if err := s.index(ctx); err != nil && ctx.Err() == nil {
				s.health.log.Error("store cannot write the index of messages", "err", err)
			}
		}
	}
}

func (s *Store) index(ctx context.Context) error {
	entries := s.fresh.turn()
	if len(entries) == 0 {
		return nil
	}
	if err := s.change(ctx, entries, insertID, insertStanza); err != nil {
		return err
	}
	return s.indexed(ctx, entries)
}

// indexed notes that the index has entries, the old of fresh. What was deleted
// meanwhile, perhaps before it was entered, is taken out again.
func (s *Store) indexed(ctx context.Context, entries []entry) error {
	last := slices.MaxFunc(entries, func(a, b entry) int { return cmp.Compare(a.seq, b.seq) }).seq
	return s.do(ctx, &request{step: func(t *tx) error {
		for _, e := range entries {
			if s.fresh.isOld(e.seq) {
				continue
			}
			if err := errors.Join(deleteID.apply(t, e), deleteStanza.apply(t, e)); err != nil {
				return err
			}
		}
		t.indexed = true
		return exec(t.conn, "UPDATE state SET value = ? WHERE name = 'indexed'", last)
	}})
}

// change makes changes for many messages, in small transactions. Meanwhile
// other rows are written.
func (s *Store) change(ctx context.Context, entries []entry, changes ...indexChange) error {
	for _, c := range changes {
		slices.SortFunc(entries, func(a, b entry) int {
			if c.hash != nil {
				return cmp.Compare(c.hash(a), c.hash(b))
			}
			return cmp.Compare(a.seq, b.seq)
		})
		for some := range slices.Chunk(entries, indexBatch) {
			err := s.do(ctx, &request{step: func(t *tx) error {
				for _, e := range some {
					if err := c.apply(t, e); err != nil {
						return err
					}
				}
				return nil
			}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepMessages deletes the messages that are too old at a time, the index
// first: a row that is left is swept again, an entry would stay for ever.
func (s *Store) sweepMessages(ctx context.Context, now time.Time) error {
	for {
		var old []entry
		err := s.use(ctx, func(c *sqlite.Conn) error {
			return query(c, `SELECT seq, bridge, id, account, stanza FROM
				(SELECT * FROM messages ORDER BY seq`+limit(freshLimit)+") WHERE at < ?",
				func(r *sqlite.Stmt) { old = append(old, scanEntry(r)) }, now.Add(-s.retention.Messages))
		})
		if err != nil || len(old) == 0 {
			return err
		}
		if err := s.change(ctx, old, deleteID, deleteStanza, deleteRow); err != nil {
			return err
		}
	}
}

func scanEntry(r *sqlite.Stmt) entry {
	return newEntry(r.ColumnInt64(0), r.ColumnText(1), bridges.MessageID(r.ColumnText(2)),
		bridges.AccountID(r.ColumnText(3)), r.ColumnText(4))
}
