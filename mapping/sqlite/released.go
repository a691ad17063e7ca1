package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"causeway/bridges"
)

// Where users bring their own identity it is as personal as the account, so
// neither is stored. Whoever has the file can only try whether an account that
// he knows had an identity that he knows.

func selfHash(bridge string, self bridges.UserID) int64 { return int64(hash(bridge, string(self))) }

// formerHash is different for each identity of an account, so that rows do not
// show that they are of one account.
func formerHash(bridge string, self bridges.UserID, id bridges.AccountID) int64 {
	return int64(hash(bridge+"\x00"+string(self), string(id)))
}

// release remembers that an account has given up the identity that it has now,
// if it is there.
func (t *tx) release(bridge string, id bridges.AccountID) error {
	var self bridges.UserID
	ok, err := scan(t.conn, "SELECT self FROM accounts WHERE bridge = ? AND id = ?",
		func(r *sqlite.Stmt) { self = bridges.UserID(r.ColumnText(0)) }, bridge, string(id))
	if !ok || err != nil {
		return err
	}
	return exec(t.conn, "INSERT OR REPLACE INTO released (bridge, self, account, at) VALUES (?, ?, ?, ?)",
		bridge, selfHash(bridge, self), formerHash(bridge, self, id), t.store.now())
}

// giveOut forgets who had an identity before.
func (t *tx) giveOut(bridge string, self bridges.UserID) error {
	return exec(t.conn, "DELETE FROM released WHERE bridge = ? AND self = ?", bridge, selfHash(bridge, self))
}

// Released implements mapping.Accounts.
func (s *Store) Released(ctx context.Context, bridge string, self bridges.UserID, by bridges.AccountID) (at time.Time, own bool, err error) {
	err = s.read(ctx, peopleTopic, func(c *sqlite.Conn) error {
		_, err := scan(c, "SELECT account, at FROM released WHERE bridge = ? AND self = ?", func(r *sqlite.Stmt) {
			own, at = r.ColumnInt64(0) == formerHash(bridge, self, by), fromNanos(r.ColumnInt64(1))
		}, bridge, selfHash(bridge, self))
		return err
	})
	return at, own, err
}
