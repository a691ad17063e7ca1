// Package centre is an SMS centre for load and tests: an SMPP v3.4 server that
// accepts every text, confirms it by a delivery receipt, sends numbered texts
// of its own, and keeps account of what came, how often and in which order.
// Like a real one it keeps what it has for a client until that has answered,
// and delivers it again over the next bind. Its codec is its own, so that an
// error in the gateway's is not hidden by the same error here.
package centre

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"causeway/cmd/loadgen/ledger"
)

// Silent as the status of a stuck number: its submit_sm is never answered.
const Silent = 0xFFFFFFFF

// Config says how the centre behaves. The zero value confirms everything at
// once and lets everybody in.
type Config struct {
	Password string // empty: any
	// Stuck gives the command_status that texts to a number are refused with,
	// for ever.
	Stuck map[string]uint32
	// Dead numbers are accepted and then reported as undeliverable.
	Dead map[string]bool
	// Track remembers for Place which text each id was given to.
	Track bool
	// Delay is how long a delivery receipt takes.
	Delay time.Duration
}

// Centre is a running SMS centre.
type Centre struct {
	config   Config
	listener net.Listener
	wg       sync.WaitGroup
	ctx      context.Context
	stop     context.CancelFunc

	// Texts is the account of complete texts, by "source>destination".
	Texts ledger.Ledger

	mu       sync.Mutex
	sessions map[*session]bool
	bound    taker                // the newest that takes deliveries; nil: none
	refusal  uint32               // of all texts
	parts    map[string]*assembly // by conversation and reference
	tracked  map[string]*assembly // by id
	pending  map[uint64]*delivery // for the client and not answered yet
	free     *sync.Cond           // pending has shrunk
	stats    Stats
	lastID   uint64
}

// Stats counts what happened.
type Stats struct {
	Binds      int
	Submits    int // submit_sm that were accepted
	Refused    int // submit_sm that were not
	Unreadable int // accepted texts without a number
	Receipts   int // delivery receipts answered by the client
	Moved      int // texts of ours answered by the client
	Redelivery int // deliver_sm that were sent a second time
	Rejected   int // deliver_sm that the client answered with an error
	Repeated   int // parts of a text that had come before
}

// Listen starts a centre on a TCP address. Close ends it.
func Listen(address string, c Config) (*Centre, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	ce := &Centre{
		config: c, listener: l, ctx: ctx, stop: stop, sessions: map[*session]bool{},
		parts: map[string]*assembly{}, tracked: map[string]*assembly{}, pending: map[uint64]*delivery{},
	}
	ce.free = sync.NewCond(&ce.mu)
	ce.wg.Go(ce.accept)
	return ce, nil
}

// Address returns what clients connect to.
func (c *Centre) Address() string { return c.listener.Addr().String() }

// Stats returns the counts so far.
func (c *Centre) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Close ends all connections and waits for all that the centre started.
func (c *Centre) Close() error {
	c.stop()
	err := c.listener.Close()
	c.mu.Lock()
	for s := range c.sessions {
		s.conn.Close()
	}
	c.free.Broadcast()
	c.mu.Unlock()
	c.wg.Wait()
	return err
}

func (c *Centre) accept() {
	for {
		conn, err := c.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		s := newSession(c, conn)
		c.mu.Lock()
		c.sessions[s] = true
		if c.ctx.Err() != nil {
			conn.Close()
		}
		c.mu.Unlock()
		c.wg.Go(s.read)
		c.wg.Go(s.write)
	}
}

// taker takes deliveries, for its client.
type taker interface {
	deliver(id uint64, body []byte)
	flush()
}

func (c *Centre) gone(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sessions, s)
	if c.bound == taker(s) {
		c.bound = nil
	}
}

// SetStuck changes what texts to a number are answered with; 0 frees it.
func (c *Centre) SetStuck(number string, status uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stuck := map[string]uint32{number: status}
	for n, s := range c.config.Stuck {
		if n != number {
			stuck[n] = s
		}
	}
	c.config.Stuck = stuck
}

// Refuse answers all texts with a command_status, until it is called with 0.
func (c *Centre) Refuse(status uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusal = status
}

// Say sends bytes between two PDUs to the client that takes deliveries, as they
// are. False: there is none.
func (c *Centre) Say(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.bound.(*session)
	if ok {
		s.say(b)
	}
	return ok
}
