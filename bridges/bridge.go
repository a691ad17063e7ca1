// Package bridges is the vocabulary between the gateway and the networks:
// events, opaque ids, errors, and the contract that an adapter fulfils.
// It needs the standard library only, and bridges/<network> imports nothing
// of the gateway but this.
package bridges

import (
	"context"
	"time"
)

// Bridge is the adapter for one configured network. Whatever else it can do
// is an optional interface below, found by assertion.
type Bridge interface {
	// Info describes the network. It does not block and never changes.
	Info() Info
	// Open gives the session of a registered account. It may block on the
	// network until ctx ends, and calls Waits before it does. Sessions of one
	// account are not open twice.
	Open(ctx context.Context, account Account) (Session, error)
}

// Session acts for one account.
type Session interface {
	// Send hands m to the network and returns the ids of its parts, in order,
	// as later receipts will name them. It blocks until the network has
	// answered or ctx ends, and calls Waits before it does: who is killed by
	// others while it waits unannounced seems to have died of m, and the third
	// time m is put away. It is called for different chats at once, for one chat
	// never. An *Error tells what failed; Unknown when the outcome is.
	Send(ctx context.Context, m Message) ([]MessageID, error)
	// Close ends the session and waits for what it has under way.
	Close() error
}

// Runner is a Bridge with a connection of its own, shared by all accounts.
type Runner interface {
	// Run serves until ctx ends, reconnecting by itself, and returns when all
	// it started has ended. An error means that it can never work.
	Run(ctx context.Context, host Host) error
}

// Checker is a Bridge that can try its configuration out.
type Checker interface {
	// Check connects, logs in, leaves, and says in words what is wrong.
	Check(ctx context.Context) error
}

// Reporter is a Bridge that knows whether its network takes messages now.
type Reporter interface {
	// State returns since when it does (err is nil) or does not; then err says
	// why, in words for the administrator and without secrets. It does not
	// block.
	State() (since time.Time, err error)
}

// Resolver is a Bridge that knows the form of its addresses.
type Resolver interface {
	// Resolve returns the canonical id for a decoded localpart. It is pure
	// and does not block. Errors: Gone with the canonical form, Malformed
	// with an example, NotAllowed.
	Resolve(localpart string) (UserID, error)
}

// Speller is a Bridge whose ids are not what people of its network read.
type Speller interface {
	// Spell returns an id as they write it. A Resolver takes that for the id. It
	// is pure and does not block.
	Spell(id UserID) string
}

// Assembler is a Bridge whose network cuts messages into parts. Only such a
// Bridge delivers a Part.
type Assembler interface {
	// Assemble makes a message of the parts that came, at least one, in the
	// order of their numbers and none twice. When some are missing, the text
	// says so. It is pure and does not block.
	Assemble(parts []Part) Message
}

// Settler is a Bridge that notes what became of a message.
type Settler interface {
	// Settled says that the outcome of the message with this Message.Key is on
	// disk: Send is not called with it again, and what the Bridge noted of it
	// can go. It does not block, and a key of which nothing is noted is fine.
	Settled(key string)
}

// Rememberer is a Bridge whose note may outlive the process.
type Rememberer interface {
	// Remembers tells whether a predecessor's note was found. Then Send with
	// the key of a message that the predecessor had under way sends nothing
	// twice: it gives the answer that came or is still to come, or Unknown.
	// Before Run it is known already. It does not block.
	Remembers() bool
}

// Host is what the gateway offers to a Runner.
type Host interface {
	// Owner returns the account whose identity on the network is id.
	Owner(ctx context.Context, id UserID) (account AccountID, ok bool, err error)
	// Deliver returns nil when all of d is on disk: only then is the network
	// told that we have it. After an error nothing of d is, unless ctx has ended;
	// then nobody knows. It blocks while the store cannot commit.
	Deliver(ctx context.Context, d []Delivery) error
	// Hint shows what may get lost, now or never: a Typing, a Presence or a ProfileChange. It
	// is not kept, and what cannot be shown at once is dropped and counted. It
	// does not block. Only Account and Event of d are looked at.
	Hint(d Delivery)
	// Answered says that the network has our answer to these deliveries, so
	// that an equal one later is a new one. It does not block.
	Answered(once ...string)
	// Ready says that the network takes messages (again): what waits for a
	// retry is tried now. It does not block.
	Ready()
}

// Delivery is one event from the network for one account.
type Delivery struct {
	Account AccountID
	Event   Event
	// Once is a fingerprint for events to which the network gives no id, and
	// Stream the connection it came by. An event whose fingerprint came within
	// the last ten minutes over another Stream, and was not Answered, is its
	// repetition and is kept only once. Empty: never a repetition by this.
	Once   string
	Stream uint64
	// Offset is the place behind the event in its Stream; zero when it has
	// none. Deliveries of one call that have one are of one Stream, in order.
	// An event at or before a place that is on disk came before a takeover and
	// is not kept again.
	Offset uint64
}

// Account is a registered user as its bridge sees it.
type Account struct {
	ID   AccountID
	Self UserID // the account's identity on the network
	// Settings is what the user has set, by Field.Name of Configurer.Settings.
	// What was never set is not in it. Read only.
	Settings map[string]string
}

// Info describes a network for discovery, registration and limits.
type Info struct {
	// Type is the registered type of the disco identity "gateway", e.g. "sms".
	Type string
	// Name is the network's name for people, e.g. "SMS".
	Name string
	// Example is a localpart that a user could type, for help texts.
	Example string
	// Instructions is shown with the registration fields.
	Instructions string
	Fields       []Field
	// Unknown says what becomes of a message whose outcome is unknown.
	Unknown UnknownPolicy
	// Can is what the network can do beyond texts.
	Can Can
	// Client is the registered type of the disco identity "client" that contacts
	// have, for what people of this network hold in their hands: "phone", "pc",
	// "bot" … Never empty.
	Client string
}

// UnknownPolicy is what becomes of a message of which nobody knows whether
// the network has it.
type UnknownPolicy uint8

// The policies.
const (
	// Report tells the sender that it may have been sent. The default.
	Report UnknownPolicy = iota
	// Resend sends it again, at the risk of sending it twice.
	Resend
	// Idempotent sends it again with the same Message.Key, by which the
	// network knows it.
	Idempotent
)
