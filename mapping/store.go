package mapping

import (
	"context"
	"time"

	"causeway/bridges"
)

// Batch is what one transaction changes: all of it or nothing.
// Put replaces a row of the same key, Delete of an absent row does nothing.
type Batch struct {
	Cycles []*Cycle // appended in this order; Commit sets their IDs
	Settle []Key    // records (journalled or parked) that are done with
	Park   []Parked // moved out of their cycle, or updated

	PutAccounts    []Account // ErrTaken when Self belongs to another account
	DeleteAccounts []Account // by ID, with contacts, messages and parked rows
	PutContacts    []Contact
	DeleteContacts []Contact
	PutMessages    []Message
	PutSent        []Sent
	PutOnce        []Once
	DeleteOnce     []Once
	PutSwitch      []Switch // one with an empty Value is deleted
	PutNotes       []Note   // one with a nil Value is deleted
	Quarantine     []Quarantined

	// Done is called once, when b is on disk, and in the order in which batches
	// were given to the store; also when the store refuses b for good, which it
	// logs. It must neither block nor call the store. Nil: nobody waits. What
	// the end of the store finds unwritten is never done.
	Done func()
}

// Journal is the durable record of what is accepted and not settled. One
// writer commits for all callers together. All methods are safe for
// concurrent use.
type Journal interface {
	// Commit returns when b is on disk, and nothing of b is when it fails.
	// It blocks while the store cannot write (disk full, read-only) and tries
	// again by itself until ctx ends; then the outcome is that of ctx.Err.
	// Errors of b itself (ErrTaken) return at once and harm no other caller.
	Commit(ctx context.Context, b *Batch) error
	// Behind takes b over and writes it with the next commit, or in 50 ms at
	// the latest. Until then a crash loses it, and reads already show it.
	// It blocks only while too much waits to be written.
	Behind(b *Batch)
	// Replay calls f for each record of the bridge that is neither settled
	// nor parked, in key order, and stops at f's first error.
	Replay(ctx context.Context, bridge string, f func(Key, Record) error) error
	// Waiting returns the parked records of a conversation in key order.
	Waiting(ctx context.Context, bridge, conversation string, limit int) ([]Parked, error)
	// IsParked tells whether a record has a row of its own.
	IsParked(ctx context.Context, k Key) (bool, error)
	// Backlogs calls f for each conversation with parked records.
	Backlogs(ctx context.Context, bridge string, f func(account bridges.AccountID, conversation string, records int) error) error
	// Clean tells whether the last user of the store closed it in order, so
	// that nothing in it is in doubt.
	Clean() bool
	// LastOffset returns the highest Cycle.Last of a connection, for days after
	// its last cycle is gone; 0 if it had none.
	LastOffset(ctx context.Context, bridge string, conn uint64) (uint64, error)
}

// Accounts finds registrations.
type Accounts interface {
	Account(ctx context.Context, bridge string, id bridges.AccountID) (Account, bool, error)
	AccountBySelf(ctx context.Context, bridge string, self bridges.UserID) (Account, bool, error)
	// EachAccount calls f in the order of ids and stops at its first error.
	// f may call the store.
	EachAccount(ctx context.Context, bridge string, f func(Account) error) error
	// Released tells when an identity that is free now was given back, by
	// DeleteAccounts or by PutAccounts with another Self, and whether the
	// account by had it last. The time is zero when nobody had it as far as is
	// remembered, which is for half a year. Of who left, a store keeps hashes only.
	Released(ctx context.Context, bridge string, self bridges.UserID, by bridges.AccountID) (at time.Time, own bool, err error)
}

// Contacts finds the contacts of an account.
type Contacts interface {
	Contact(ctx context.Context, bridge string, account bridges.AccountID, id bridges.ChatID) (Contact, bool, error)
	// EachContact is like EachAccount.
	EachContact(ctx context.Context, bridge string, account bridges.AccountID, f func(Contact) error) error
}

// Messages finds which message is which.
type Messages interface {
	// MessageByID finds a part by the network's id.
	MessageByID(ctx context.Context, bridge string, id bridges.MessageID) (Message, bool, error)
	// Parts returns all parts of the message of the account with that stanza id.
	Parts(ctx context.Context, bridge string, account bridges.AccountID, chat bridges.ChatID, stanza string) ([]Message, error)
	// RecentSent calls f for each Sent since a time, RecentOnce for each Once.
	RecentSent(ctx context.Context, bridge string, since time.Time, f func(Sent) error) error
	RecentOnce(ctx context.Context, bridge string, since time.Time, f func(Once) error) error
}

// Store is the whole of it.
type Store interface {
	Journal
	Accounts
	Contacts
	Messages
	Notes
	// Quarantined calls f for each quarantined record, oldest first.
	Quarantined(ctx context.Context, f func(Quarantined) error) error
	// Switches returns the values of a bridge's switches by name; never nil.
	Switches(ctx context.Context, bridge string) (map[string]string, error)
	// Close writes what is behind, marks the store clean and gives up the lock.
	Close() error
}

// Reporter is a Store that knows whether it can write now.
type Reporter interface {
	// State returns since when it can (err is nil) or cannot; then err says
	// why, in words for the administrator. It does not block.
	State() (since time.Time, err error)
}

// Error is a constant error of this package.
type Error string

// Error returns the text.
func (e Error) Error() string { return string(e) }

// ErrTaken is returned for an identity that another account has.
const ErrTaken Error = "mapping: the identity belongs to another account"
