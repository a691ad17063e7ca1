package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"causeway/bridges"
	"causeway/mapping"
)

const accountColumns = "SELECT bridge, id, self, created, settings FROM accounts "

func scanAccount(r *sqlite.Stmt) mapping.Account {
	return mapping.Account{
		Bridge: r.ColumnText(0), ID: bridges.AccountID(r.ColumnText(1)),
		Self: bridges.UserID(r.ColumnText(2)), Created: fromNanos(r.ColumnInt64(3)),
		Settings: parseSettings(r.ColumnText(4)),
	}
}

// Account implements mapping.Accounts.
func (s *Store) Account(ctx context.Context, bridge string, id bridges.AccountID) (mapping.Account, bool, error) {
	return s.account(ctx, accountColumns+"WHERE bridge = ? AND id = ?", bridge, string(id))
}

// AccountBySelf implements mapping.Accounts.
func (s *Store) AccountBySelf(ctx context.Context, bridge string, self bridges.UserID) (mapping.Account, bool, error) {
	return s.account(ctx, accountColumns+"WHERE bridge = ? AND self = ?", bridge, string(self))
}

func (s *Store) account(ctx context.Context, text string, args ...any) (a mapping.Account, ok bool, err error) {
	err = s.read(ctx, peopleTopic, func(c *sqlite.Conn) (err error) {
		ok, err = scan(c, text, func(r *sqlite.Stmt) { a = scanAccount(r) }, args...)
		return err
	})
	return a, ok, err
}

// EachAccount implements mapping.Accounts.
func (s *Store) EachAccount(ctx context.Context, bridge string, f func(mapping.Account) error) error {
	return pages(ctx, s, peopleTopic, func(c *sqlite.Conn, last *mapping.Account) (rows []mapping.Account, err error) {
		var after bridges.AccountID
		if last != nil {
			after = last.ID
		}
		err = query(c, accountColumns+"WHERE bridge = ? AND id > ? ORDER BY id"+limit(pageRows),
			func(r *sqlite.Stmt) { rows = append(rows, scanAccount(r)) }, bridge, string(after))
		return rows, err
	}, f)
}

const contactColumns = "SELECT bridge, account, id, subscription, name, placed FROM contacts "

func scanContact(r *sqlite.Stmt) mapping.Contact {
	return mapping.Contact{
		Bridge: r.ColumnText(0), Account: bridges.AccountID(r.ColumnText(1)),
		ID: bridges.ChatID(r.ColumnText(2)), Subscription: mapping.Subscription(r.ColumnInt64(3)),
		Name: r.ColumnText(4), Placed: r.ColumnText(5),
	}
}

// Contact implements mapping.Contacts.
func (s *Store) Contact(ctx context.Context, bridge string, account bridges.AccountID, id bridges.ChatID) (x mapping.Contact, ok bool, err error) {
	err = s.read(ctx, peopleTopic, func(c *sqlite.Conn) (err error) {
		ok, err = scan(c, contactColumns+"WHERE bridge = ? AND account = ? AND id = ?",
			func(r *sqlite.Stmt) { x = scanContact(r) }, bridge, string(account), string(id))
		return err
	})
	return x, ok, err
}

// EachContact implements mapping.Contacts.
func (s *Store) EachContact(ctx context.Context, bridge string, account bridges.AccountID, f func(mapping.Contact) error) error {
	return pages(ctx, s, peopleTopic, func(c *sqlite.Conn, last *mapping.Contact) (rows []mapping.Contact, err error) {
		var after bridges.ChatID
		if last != nil {
			after = last.ID
		}
		err = query(c, contactColumns+"WHERE bridge = ? AND account = ? AND id > ? ORDER BY id"+limit(pageRows),
			func(r *sqlite.Stmt) { rows = append(rows, scanContact(r)) }, bridge, string(account), string(after))
		return rows, err
	}, f)
}
