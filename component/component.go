// Package component is the link of one domain to its XMPP server: an external
// component by XEP-0114 (1.6). It dials, keeps the stream alive, reads in the
// cycle peek, commit, note, consume, dispatch, and writes through one Send.
// It knows nothing of bridging, and sees journal and note as the small
// interfaces below.
package component

import (
	"context"
	"crypto/tls"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

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
	// Up is called when the stream is open, before any stanza.
	Up()
	// Handle gets each stanza that is a message, presence, or IQ get or set,
	// after the cycle that holds it is committed. key is zero when the stanza
	// is not journalled. IQs have passed the check of their shape.
	Handle(s *stanza.Stanza, key Key)
	// Settled says that the server has taken what was sent with these keys.
	Settled(keys []Key)
	// Down is called when the stream has ended.
	Down(err error)
}

// Config says how a link is made. Domain, Address and Secret are required.
type Config struct {
	Domain  string
	Address string // host:port
	Secret  Secret
	TLS     *tls.Config // direct TLS when not nil

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

// Link is the connection of one domain. Make it with New, serve it with Run.
type Link struct{}

// New returns a link that is not yet connected.
func New(c Config, h Handler, j Journal, n Note) *Link { panic("stub") }

// Run connects, and reconnects with jittered back-off, until ctx ends; then it
// closes the stream in order (design, "Closing": bounded to 10 s), and returns
// nil. It returns an error only for a Config that can never work.
func (l *Link) Run(ctx context.Context) error { panic("stub") }

// Send queues o for writing: the one way out. It stamps a random id where o
// has none and type chat-less defaults as RFC 6121 has them, and refuses o
// when From is outside the domain or To is empty (ErrAddress), or when it is
// larger than MaxStanza (ErrTooLarge). With a key it blocks while too much is
// written and not settled; Handler.Settled gets the key when the server has
// taken o, and o is sent again with the same id after a lost connection.
// Without a key it returns ErrDown at once when the link is down.
func (l *Link) Send(ctx context.Context, o *stanza.Out, key Key) error { panic("stub") }

// Request sends an IQ get or set and returns its result. An error answer is a
// *stanza.Error. It sets a random 128-bit id, takes an answer only from the
// address that was asked, and ends with ctx (at the latest after 60 s) or with
// ErrDown at a disconnect. Never call it from a Handler.
func (l *Link) Request(ctx context.Context, o *stanza.Out) (*stanza.Stanza, error) { panic("stub") }

// Error is a constant error of this package.
type Error string

// Error returns the text.
func (e Error) Error() string { return string(e) }

// The errors of Send and Request.
const (
	ErrDown     Error = "component: the link is down"
	ErrAddress  Error = "component: from outside the domain, or no to"
	ErrTooLarge Error = "component: stanza too large"
)

// Metrics are the counters of all links of a process, by domain.
type Metrics struct{}

// NewMetrics registers the counters.
func NewMetrics(r prometheus.Registerer) *Metrics { panic("stub") }
