package sqlite

import (
	"zombiezen.com/go/sqlite"

	"causeway/bridges"
	"causeway/mapping"
)

func (t *tx) putMessages(b *mapping.Batch) error {
	for i := range b.PutMessages {
		if err := t.putMessage(&b.PutMessages[i]); err != nil {
			return err
		}
	}
	return nil
}

// putMessage changes the row of a message, or appends one: new rows stand
// together, so that a hundred cost a few pages.
func (t *tx) putMessage(m *mapping.Message) error {
	seq, err := t.findMessage(m)
	if err != nil {
		return err
	}
	if seq != 0 {
		return exec(t.conn, "UPDATE messages SET chat = ?, resource = ?, receipt = ?, part = ?, parts = ?, state = ?, at = ? WHERE seq = ?",
			string(m.Chat), m.Resource, m.Receipt, int(m.Part), int(m.Parts), int(m.State), m.At, seq)
	}
	seq = t.store.lastMessage + int64(len(t.messages)) + 1
	e := newEntry(seq, m.Bridge, m.ID, m.Account, m.Stanza)
	t.messages = append(t.messages, e)
	t.ids[e.id] = seq
	return exec(t.conn, `INSERT INTO messages
		(seq, bridge, id, account, chat, stanza, resource, receipt, part, parts, state, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		seq, m.Bridge, string(m.ID), string(m.Account), string(m.Chat), m.Stanza, m.Resource,
		m.Receipt, int(m.Part), int(m.Parts), int(m.State), m.At)
}

// findMessage returns where the row of a message stands; 0: nowhere. A row
// that stands under another stanza is deleted: it will be found by the new one.
func (t *tx) findMessage(m *mapping.Message) (int64, error) {
	rows, err := t.rowsByID(m.Bridge, m.ID)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	was := rows[0]
	if was.stanza == stanzaHash(m.Account, m.Stanza) {
		return was.seq, nil
	}
	return 0, t.deleteEntry(was)
}

// rowsByID finds the row of a message in this transaction, among the fresh,
// and on disk.
func (t *tx) rowsByID(bridge string, id bridges.MessageID) (rows []entry, err error) {
	row := func(r *sqlite.Stmt) {
		seq := r.ColumnInt64(0)
		rows = append(rows, newEntry(seq, bridge, id, bridges.AccountID(r.ColumnText(1)), r.ColumnText(2)))
	}
	h := idHash(bridge, id)
	seq, ok := t.ids[h]
	if !ok {
		seq, ok = t.store.fresh.byID(h)
	}
	if ok {
		err = query(t.conn, "SELECT seq, account, stanza FROM messages WHERE seq = ? AND id = ? AND bridge = ?",
			row, seq, string(id), bridge)
	}
	if err != nil || len(rows) > 0 {
		return rows, err
	}
	err = query(t.conn, `SELECT m.seq, m.account, m.stanza FROM message_ids i CROSS JOIN messages m ON m.seq = i.seq
		WHERE i.hash = ? AND m.id = ? AND m.bridge = ?`, row, h, string(id), bridge)
	return rows, err
}

// deleteEntry deletes a row of messages with what leads to it.
func (t *tx) deleteEntry(e entry) error {
	for _, change := range []indexChange{deleteID, deleteStanza, deleteRow} {
		if err := change.apply(t, e); err != nil {
			return err
		}
	}
	return nil
}

// deleteMessages deletes all messages of an account.
func (t *tx) deleteMessages(bridge string, account bridges.AccountID) error {
	h := accountHash(account)
	var found []entry
	row := func(r *sqlite.Stmt) {
		found = append(found, newEntry(r.ColumnInt64(0), bridge, bridges.MessageID(r.ColumnText(1)), account, r.ColumnText(2)))
	}
	seqs := t.store.fresh.ofAccount(h)
	for _, e := range t.messages {
		if e.stanza&^accountRange == h {
			seqs = append(seqs, e.seq)
		}
	}
	for _, seq := range seqs {
		err := query(t.conn, "SELECT seq, id, stanza FROM messages WHERE seq = ? AND account = ? AND bridge = ?",
			row, seq, string(account), bridge)
		if err != nil {
			return err
		}
	}
	err := query(t.conn, `SELECT m.seq, m.id, m.stanza FROM message_stanzas s CROSS JOIN messages m ON m.seq = s.seq
		WHERE s.hash BETWEEN ? AND ? AND m.account = ? AND m.bridge = ?`,
		row, h, h|accountRange, string(account), bridge)
	if err != nil {
		return err
	}
	for _, e := range found {
		if err := t.deleteEntry(e); err != nil {
			return err
		}
	}
	return nil
}
