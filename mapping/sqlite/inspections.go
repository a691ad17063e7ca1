package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"
)

// integrity has SQLite look for what is damaged.
func (r *Report) integrity(c *sqlite.Conn) error {
	return query(c, "PRAGMA integrity_check(10)", func(row *sqlite.Stmt) {
		if s := row.ColumnText(0); s != "ok" {
			r.Problems = append(r.Problems, s)
		}
	})
}

// journal counts what is open, and reads the blobs as a replay would.
func (r *Report) journal(c *sqlite.Conn) error {
	damaged, first := 0, uint64(0)
	err := query(c, `SELECT c.id, c.bridge, c.records, s.marks, c.data FROM cycles c
		LEFT JOIN settled s ON s.cycle = c.id ORDER BY c.id DESC`, func(row *sqlite.Stmt) {
		b, open := r.bridge(row.ColumnText(1)), newOpenCycle(row.ColumnInt(2), blob(row, 3))
		b.Cycles++
		b.Records += open.left
		if records, err := decodeCycle(blob(row, 4)); err != nil || len(records) != open.records {
			damaged, first = damaged+1, uint64(row.ColumnInt64(0))
		}
	})
	if damaged > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("%d damaged cycles of the journal, the first is %d", damaged, first))
	}
	return err
}

func (r *Report) parked(c *sqlite.Conn) error {
	return query(c, `SELECT bridge, count(*), min(expires), min(CASE WHEN next > 0 THEN next END)
		FROM parked GROUP BY bridge`, func(row *sqlite.Stmt) {
		b := r.bridge(row.ColumnText(0))
		b.Parked = row.ColumnInt(1)
		b.Expires, b.Next = fromNanos(row.ColumnInt64(2)), fromNanos(row.ColumnInt64(3))
	})
}

func (r *Report) accounts(c *sqlite.Conn) error {
	return query(c, "SELECT bridge, count(*) FROM accounts GROUP BY bridge", func(row *sqlite.Stmt) {
		r.bridge(row.ColumnText(0)).Accounts = row.ColumnInt(1)
	})
}

func (r *Report) messages(c *sqlite.Conn) error {
	return query(c, "SELECT bridge, count(*) FROM messages GROUP BY bridge", func(row *sqlite.Stmt) {
		r.bridge(row.ColumnText(0)).Messages = row.ColumnInt(1)
	})
}

func (r *Report) notes(c *sqlite.Conn) error {
	return query(c, "SELECT bridge, count(*) FROM notes GROUP BY bridge", func(row *sqlite.Stmt) {
		r.bridge(row.ColumnText(0)).Notes = row.ColumnInt(1)
	})
}

func (r *Report) quarantine(c *sqlite.Conn) error {
	n, err := queryInt(c, "SELECT count(*) FROM quarantine")
	r.Quarantine = int(n)
	return err
}
