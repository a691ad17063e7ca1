package sqlite

import (
	"bytes"
	"context"

	"zombiezen.com/go/sqlite"

	"causeway/bridges"
	"causeway/mapping"
)

func (t *tx) putNotes(b *mapping.Batch) error {
	for i := range b.PutNotes {
		x := &b.PutNotes[i]
		text, args := "INSERT OR REPLACE INTO notes (bridge, key, value) VALUES (?, ?, ?)", []any{x.Bridge, []byte(x.Key), x.Value}
		if x.Value == nil {
			text, args = "DELETE FROM notes WHERE bridge = ? AND key = ?", args[:2]
		}
		if err := exec(t.conn, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// Note implements mapping.Notes.
func (s *Store) Note(ctx context.Context, bridge, key string) (value []byte, ok bool, err error) {
	err = s.read(ctx, noteTopic, func(c *sqlite.Conn) (err error) {
		ok, err = scan(c, "SELECT value FROM notes WHERE bridge = ? AND key = ?",
			func(r *sqlite.Stmt) { value = blob(r, 0) }, bridge, []byte(key))
		return err
	})
	return value, ok, err
}

// EachNote implements mapping.Notes.
func (s *Store) EachNote(ctx context.Context, bridge, prefix string, f func(mapping.Note) error) error {
	end := noteEnd(prefix)
	return pages(ctx, s, noteTopic, func(c *sqlite.Conn, last *mapping.Note) (rows []mapping.Note, err error) {
		from := prefix
		if last != nil {
			from = last.Key + "\x00"
		}
		err = query(c, "SELECT key, value FROM notes WHERE bridge = ? AND key >= ? AND key < ? ORDER BY key"+limit(pageRows),
			func(r *sqlite.Stmt) {
				rows = append(rows, mapping.Note{Bridge: bridge, Key: string(blob(r, 0)), Value: blob(r, 1)})
			}, bridge, []byte(from), end)
		return rows, err
	}, f)
}

// noteEnd returns what comes behind all keys that begin with prefix.
func noteEnd(prefix string) []byte {
	end := []byte(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return bytes.Repeat([]byte{0xff}, bridges.MaxNoteKey+1)
}
