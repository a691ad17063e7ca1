package sqlite

import (
	"context"
	"encoding/json"

	"zombiezen.com/go/sqlite"

	"causeway/mapping"
)

// noSettings is how an account without settings is stored.
const noSettings = "{}"

// settingsText is how the settings of an account are stored.
func settingsText(m map[string]string) string {
	if len(m) == 0 {
		return noSettings
	}
	b, _ := json.Marshal(m) // strings always have a JSON form
	return string(b)
}

// parseSettings reads what settingsText wrote; the table takes nothing but
// JSON, and what is no string in it, by another hand, is left out.
func parseSettings(text string) (m map[string]string) {
	if text != noSettings {
		_ = json.Unmarshal([]byte(text), &m)
	}
	return m
}

func (t *tx) putSwitches(b *mapping.Batch) error {
	for _, x := range b.PutSwitch {
		text, args := "INSERT OR REPLACE INTO switches (bridge, name, value) VALUES (?, ?, ?)", []any{x.Bridge, x.Name, x.Value}
		if x.Value == "" {
			text, args = "DELETE FROM switches WHERE bridge = ? AND name = ?", args[:2]
		}
		if err := exec(t.conn, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// Switches implements mapping.Store.
func (s *Store) Switches(ctx context.Context, bridge string) (map[string]string, error) {
	all := map[string]string{}
	err := s.read(ctx, bookTopic, func(c *sqlite.Conn) error {
		return query(c, "SELECT name, value FROM switches WHERE bridge = ?",
			func(r *sqlite.Stmt) { all[r.ColumnText(0)] = r.ColumnText(1) }, bridge)
	})
	return all, err
}
