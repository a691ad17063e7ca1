// Package component is the link of one domain to its XMPP server: an external
// component by XEP-0114 (1.6). It dials, keeps the stream alive, reads in the
// cycle peek, commit, note, consume, dispatch, and writes through one Send.
// It knows nothing of bridging, and sees the journal as the small interface
// below.
package component

import (
	"context"
	"crypto/tls"
	"log/slog"

	"causeway/bridges/takeover"
	"causeway/component/stanza"
)

// Key names a journalled stanza. The zero Key names nothing.
type Key struct {
	Cycle uint64
	Index uint32
}

// Cycle is what one read cycle accepts: stanzas that must last.
type Cycle struct {
	// Conn is the link's own number of the connection; First and Last are the
	// offsets in its stream of the first byte and behind the last byte.
	Conn, First, Last uint64
	Stanzas           []*stanza.Stanza
}

// Journal keeps what the server believes that we have.
type Journal interface {
	// Append returns when all of c is on disk; stanza i has then the key
	// {id, i}. It blocks while the store cannot write, and that stops reading.
	Append(ctx context.Context, c *Cycle) (id uint64, err error)
	// Last returns the highest Cycle.Last of a connection; 0 if there is none.
	Last(ctx context.Context, conn uint64) (uint64, error)
}

// Handler is what a link serves. Its methods are called one at a time from the
// link's reading goroutine and must not block.
type Handler interface {
	// Up is called when the stream is open, before any stanza. fresh: nobody
	// had this stream before, and what a server says once at the start of one is
	// still to come; else a predecessor's is adopted, whose handler was called
	// with fresh.
	Up(fresh bool)
	// Handle gets each stanza that is a message, presence, or IQ get or set,
	// after the cycle that holds it is committed. key is zero when the stanza
	// is not journalled. IQs have passed the check of their shape.
	Handle(s *stanza.Stanza, key Key)
	// Settled says that the server has taken what was sent with these keys.
	// done is to be called, once and from any goroutine, when that is on disk:
	// until then a successor is told of the keys, and at some thousands Send
	// blocks. There may be keys that only a predecessor has sent, and that are
	// yet to be sent here: then they are not written again but settled once more.
	// Do not wait for that with done.
	Settled(keys []Key, done func())
	// Down is called when the stream has ended.
	Down(err error)
}

// Config says how a link is made. Domain, Address and Secret are required.
type Config struct {
	Domain  string
	Address string // host:port, or unix:/path
	Secret  Secret
	TLS     *tls.Config // direct TLS when not nil

	// Keeper holds the connection, when it is plain TCP, and what is noted of it
	// beyond this process, by names that begin with Domain; nil: nobody does.
	Keeper takeover.Keeper

	MaxStanza     int // bytes, both ways; 0: 512 KiB
	MaxDepth      int // 0: 100 levels
	MaxAttributes int // of one element; 0: 100

	Log     *slog.Logger
	Metrics *Metrics // nil: not counted
}

// Secret prints as <secret>.
type Secret string

// String hides the value.
func (Secret) String() string { return "<secret>" }

// GoString hides the value.
func (Secret) GoString() string { return "<secret>" }

// LogValue hides the value.
func (Secret) LogValue() slog.Value { return slog.StringValue("<secret>") }
