// Package mapping says who is whom and which message is which: the address
// grammar between foreign ids and JID localparts, the table of accounts,
// contacts and identities, the table of message ids, and the journal of what
// is accepted and not yet settled. Stores implement its interfaces.
package mapping

import (
	"time"

	"causeway/bridges"
)

// Key names one record of the journal. Keys of one bridge grow in the order in
// which its records were accepted. The zero Key names nothing.
type Key struct {
	Cycle uint64
	Index uint32
}

// Kind is what a record holds.
type Kind uint8

// The kinds. The values are on disk: never renumber.
const (
	FromXMPP    Kind = 1 // a stanza, raw XML as the server wrote it
	FromNetwork Kind = 2 // an event, encoded by the gateway
	ToXMPP      Kind = 3 // a stanza of ours that the server has yet to take
	Awaited     Kind = 4 // a message that the network has yet to report on, encoded by the gateway
)

// Record is one accepted thing that has not settled.
type Record struct {
	Kind Kind
	Data []byte
	// At is when it was accepted, as Replay tells; zero when the store does not
	// know. Nobody sets it.
	At time.Time
}

// Cycle is all that one read cycle, webhook call or reply accepts.
type Cycle struct {
	Bridge string // component domain
	// Conn is our own number of the connection, to the XMPP server or to the
	// network, First and Last the offsets in it of the first byte and behind
	// the last byte accepted. Zero when the records came by none.
	Conn, First, Last uint64
	// Alone cycles have an ID of their own, and the Index 0.
	Alone   bool
	Records []Record
	// ID and Index are set by Commit and make the keys of the records.
	ID    uint64
	Index uint32
}

// Key returns the key of a record, once Commit has set it.
func (c *Cycle) Key(record int) Key { return Key{c.ID, c.Index + uint32(record)} }

// Parked is a record that has a row of its own, because it waits.
type Parked struct {
	Key          Key // as it was in its cycle: the order in its conversation
	Bridge       string
	Account      bridges.AccountID
	Conversation string
	Record       Record
	// Next is the time of the next attempt. Zero: when the account returns.
	Next     time.Time
	Expires  time.Time // then the sender gets an error
	Attempts int
	// Doubt: an attempt was begun whose outcome is not known.
	Doubt bool
}

// Account is a registration of an XMPP user with a bridge.
type Account struct {
	Bridge  string
	ID      bridges.AccountID
	Self    bridges.UserID // the identity on the network, unique in a bridge
	Created time.Time
	// Settings are what the user chose, by name. Nil: nothing.
	Settings map[string]string
}

// Subscription is the state of presence subscriptions between an account and
// a contact, as bits.
type Subscription uint16

// The bits. The values are on disk.
const (
	SeesContact   Subscription = 1 << iota // the user may see the contact's presence
	SeenByUs                               // we may see the user's presence
	AskedByUs                              // our subscribe is unanswered
	RefusedByUser                          // the user refused ours: never ask again
	PlacedByUs                             // we put the contact into the user's roster
	RemovedByUser                          // the user took out what we had put there
	AskedOnce                              // the contact was offered or asked for once
	NamedByUser                            // Name is the user's own: the network's does not replace it
	AddedByUser                            // the user has added the contact, and we are to place it, or to ask
	BlockedByUser                          // the user wants to hear nothing of this person
)

// Contact is a foreign person in the list of an account.
type Contact struct {
	Bridge       string
	Account      bridges.AccountID
	ID           bridges.ChatID
	Subscription Subscription
	Name         string // as the network or the user calls the person; "": no name
	Placed       string // the name that we last gave the contact, or found, in the user's roster
}

// Switch is a small fact about a bridge that outlives the process, such as that
// an administrator turned it off. The empty Value is that of no switch.
type Switch struct{ Bridge, Name, Value string }

// Message ties a message's id on one side to its id on the other. A message
// that the network cut into parts has a row a part.
type Message struct {
	Bridge  string
	ID      bridges.MessageID // network's id of the message or part; unique in a bridge
	Account bridges.AccountID
	Chat    bridges.ChatID
	Stanza  string // id of the stanza
	// Resource is where the receipt goes; Receipt whether one was asked for.
	Resource string
	Receipt  bool
	Part     uint8         // 0-based
	Parts    uint8         // 0: it came from the network
	State    bridges.State // 0 while on its way
	At       time.Time
}

// Sent remembers a message of a user, so that its repetition is known.
type Sent struct {
	Bridge string
	Hash   [16]byte // of sender, id and body
	At     time.Time
}

// Once remembers a delivery to which the network gives no id.
type Once struct {
	Bridge      string
	Fingerprint string
	Stream      uint64
	At          time.Time
}

// Quarantined is a record that killed the program three times.
type Quarantined struct {
	Key    Key
	Bridge string
	Record Record
	Reason string
	At     time.Time
}
