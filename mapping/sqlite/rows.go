package sqlite

import (
	"zombiezen.com/go/sqlite"

	"causeway/mapping"
)

// errTaken is how the writer knows the one error that callers ask for.
const errTaken = mapping.ErrTaken

func (t *tx) putAccounts(b *mapping.Batch) error {
	for _, a := range b.PutAccounts {
		if err := t.putAccount(a); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) putAccount(a mapping.Account) error {
	if err := t.release(a.Bridge, a.ID); err != nil {
		return err
	}
	err := exec(t.conn, `INSERT INTO accounts (bridge, id, self, created, settings) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (bridge, id) DO UPDATE SET
			self = excluded.self, created = excluded.created, settings = excluded.settings`,
		a.Bridge, string(a.ID), string(a.Self), a.Created, settingsText(a.Settings))
	if sqlite.ErrCode(err) == sqlite.ResultConstraintUnique {
		return errTaken
	}
	if err != nil {
		return err
	}
	return t.giveOut(a.Bridge, a.Self)
}

func (t *tx) people(b *mapping.Batch) error {
	for _, c := range b.PutContacts {
		err := exec(t.conn, `INSERT OR REPLACE INTO contacts (bridge, account, id, subscription, name, placed)
			VALUES (?, ?, ?, ?, ?, ?)`,
			c.Bridge, string(c.Account), string(c.ID), int(c.Subscription), c.Name, c.Placed)
		if err != nil {
			return err
		}
	}
	for _, c := range b.DeleteContacts {
		err := exec(t.conn, "DELETE FROM contacts WHERE bridge = ? AND account = ? AND id = ?",
			c.Bridge, string(c.Account), string(c.ID))
		if err != nil {
			return err
		}
	}
	for _, a := range b.DeleteAccounts {
		if err := t.deleteAccount(a); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) deleteAccount(a mapping.Account) error {
	if err := t.release(a.Bridge, a.ID); err != nil {
		return err
	}
	for _, q := range []string{
		"DELETE FROM accounts WHERE bridge = ? AND id = ?",
		"DELETE FROM contacts WHERE bridge = ? AND account = ?",
		"DELETE FROM parked WHERE bridge = ? AND account = ?",
	} {
		if err := exec(t.conn, q, a.Bridge, string(a.ID)); err != nil {
			return err
		}
	}
	return t.deleteMessages(a.Bridge, a.ID)
}

// books writes what is known for some time: sent, once and quarantine.
func (t *tx) books(b *mapping.Batch) error {
	for _, x := range b.PutSent {
		t.remember(x)
	}
	for _, x := range b.PutOnce {
		err := exec(t.conn, "INSERT OR REPLACE INTO once (bridge, fingerprint, stream, at) VALUES (?, ?, ?, ?)",
			x.Bridge, x.Fingerprint, x.Stream, x.At)
		if err != nil {
			return err
		}
	}
	for _, x := range b.DeleteOnce {
		err := exec(t.conn, "DELETE FROM once WHERE fingerprint = ? AND bridge = ?", x.Fingerprint, x.Bridge)
		if err != nil {
			return err
		}
	}
	for i := range b.Quarantine {
		q := &b.Quarantine[i]
		err := exec(t.conn, `INSERT OR REPLACE INTO quarantine (cycle, idx, bridge, kind, data, reason, at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
			q.Key.Cycle, int(q.Key.Index), q.Bridge, int(q.Record.Kind), q.Record.Data, q.Reason, q.At)
		if err != nil {
			return err
		}
	}
	return nil
}
