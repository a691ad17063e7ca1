// Package appservice is the application service's side of the Matrix
// Application Service API ("Spec" is the Matrix specification v1.16,
// Application Service API): it takes transactions, answers questions about
// users and aliases, and knows the registration file.
package appservice

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"causeway/bridges/matrix/event"
	"causeway/bridges/settings"
)

// Event is what a homeserver pushes.
type Event = event.Event

// Transaction is a batch of events in the order of the homeserver. One that was
// answered with an error comes again with the same ID, with some homeservers
// with more in it: what came before is known by the ids of the events.
type Transaction struct {
	ID        string
	Events    []Event
	Ephemeral []Event // m.typing, m.receipt and m.presence; lost when not taken
	// Fresh says that it is the first over its connection: the homeserver may have
	// been started anew. It may have had other reasons to connect.
	Fresh bool
}

// Handler gets what the homeserver sends. Contexts end after a minute, and when
// the homeserver hangs up.
type Handler interface {
	// Transaction returns nil when all of t is safe: only then is the homeserver
	// told that we have it. After an error it sends t again, later and later, and
	// nothing else before. It may block on the disk, but a homeserver waits no
	// longer than a minute. One call at a time.
	Transaction(ctx context.Context, t *Transaction) error
	// HasUser tells whether a user of our namespace exists, and creates it
	// before it returns true. The homeserver's own client waits meanwhile. Calls
	// come at once.
	HasUser(ctx context.Context, id string) (bool, error)
	// HasAlias does the same for the alias of a room.
	HasAlias(ctx context.Context, alias string) (bool, error)
}

// Config says whom the server serves.
type Config struct {
	Token   settings.Secret // the hs_token; required
	Handler Handler         // required
	Log     *slog.Logger    // nil: slog.Default()
	Count   func(Outcome)   // counts what came; must not block; nil: not counted
}

// Outcome is what became of a request or of an event in it, in words fit for a
// metric label.
type Outcome string

// The outcomes.
const (
	Taken        Outcome = "taken"        // a transaction is safe
	Refused      Outcome = "refused"      // the handler did not take a transaction: it comes again
	Malformed    Outcome = "malformed"    // one event was skipped
	BadBody      Outcome = "bad_body"     // a transaction could not be read
	Query        Outcome = "query"        // somebody asked for a user or an alias
	Pinged       Outcome = "ping"         // a ping came
	Unauthorized Outcome = "unauthorized" // a request without our hs_token
	Unrecognized Outcome = "unrecognized" // a request that no version here knows
)

// Outcomes are all outcomes.
var Outcomes = []Outcome{Taken, Refused, Malformed, BadBody, Query, Pinged, Unauthorized, Unrecognized}

// The bounds of a request. Homeservers keep idle connections for two minutes,
// and one that we close first costs a back-off.
const (
	readTime    = 30 * time.Second
	handleTime  = time.Minute
	idleTime    = 5 * time.Minute
	headerBytes = 16 << 10
	// bodyBytes is more than a homeserver can fill: 100 events and 100 messages
	// to devices of 64 KiB each, what they replaced, and receipts.
	bodyBytes = 32 << 20
)

// Server answers a homeserver.
type Server struct {
	Config
	http http.Server
	turn chan struct{} // holds the right to call Transaction

	mu     sync.Mutex
	closed bool
	busy   sync.WaitGroup // of requests; none is added once closed
}

// NewServer returns a server. Nothing runs before Serve.
func NewServer(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Count == nil {
		c.Count = func(Outcome) {}
	}
	s := &Server{Config: c, turn: make(chan struct{}, 1)}
	s.http = http.Server{
		Handler:     http.HandlerFunc(s.serve),
		ReadTimeout: readTime, IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, used{}, new(atomic.Bool))
		},
	}
	return s
}

// used is the key of whether a transaction came over a connection, in the context of
// its requests.
type used struct{}

// Serve answers requests that come to l until Close, then it returns nil. It
// closes l. It is called once.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends Serve and waits for the requests under way; when ctx ends, it cuts
// them off and returns the error of ctx. No call of the Handler runs when it has
// returned.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.busy.Wait()
	return err
}

// begin lets a request in; Close waits until it is Done.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.busy.Add(1)
	}
	return !s.closed
}
