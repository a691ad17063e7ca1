// Package smsc is an SMS centre for the demo and for tests: an SMPP v3.4
// server that takes texts, puts long ones together, sends delivery reports
// when it is told to and texts of its own. Its codec is its own, so that a
// mistake in the gateway's is not hidden by the same mistake here.
package smsc

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	maxSessions = 16
	maxQueue    = 1000
)

// Config says what a centre does with what comes. Functions may be called from
// several goroutines and must not block.
type Config struct {
	SystemID, Password string // empty: any
	// Text takes a complete text that was sent to a phone.
	Text func(Text)
	// Changed is called when a client binds or leaves; see Bound.
	Changed func()
	Log     *slog.Logger
}

// Text is a complete text from the client.
type Text struct {
	IDs      []string // of its parts that ask for a delivery report
	From, To string   // numbers; international ones with their plus sign
	Body     string
	Parts    int
}

// State is what a delivery report says, as in appendix B of the specification.
type State string

// The states that end a text.
const (
	Delivered     State = "DELIVRD"
	Undeliverable State = "UNDELIV"
	Expired       State = "EXPIRED"
	Rejected      State = "REJECTD"
)

// states are the numbers of states (section 5.2.28), and an error code that a
// network would give.
var states = map[State]struct {
	number byte
	code   string
}{Delivered: {2, "000"}, Expired: {3, "027"}, Undeliverable: {5, "001"}, Rejected: {8, "099"}}

// Known tells whether s is one of the states.
func (s State) Known() bool { _, ok := states[s]; return ok }

// ErrFull says that too much waits for a client to bind.
var ErrFull = errors.New("too many messages wait for the gateway; is it connected?")

// Centre is a running SMS centre.
type Centre struct {
	config   Config
	listener net.Listener
	work     sync.WaitGroup
	closed   chan struct{}
	once     sync.Once

	mu       sync.Mutex
	sessions map[*session]bool
	receiver *session // the newest that takes messages
	changed  chan struct{}
	queue    []*outgoing
	open     assembler
	lastID   uint64
	lastRef  byte
}

// outgoing is a deliver_sm that waits for its answer.
type outgoing struct {
	message short
	done    func(error) // told once, when the client has answered
}

// Listen starts a centre on a TCP address. The caller owes Close.
func Listen(address string, c Config) (*Centre, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the SMS centre cannot listen: %w", err)
	}
	ce := &Centre{
		config: c, listener: l, closed: make(chan struct{}), sessions: map[*session]bool{},
		changed: make(chan struct{}, 1), open: assembler{texts: map[open]*assembly{}, now: time.Now},
	}
	ce.work.Go(ce.accept)
	ce.work.Go(ce.send)
	return ce, nil
}

// Address returns what clients connect to.
func (c *Centre) Address() string { return c.listener.Addr().String() }

// Close ends all sessions and waits for all that the centre started. What
// still waits for a client is dropped.
func (c *Centre) Close() error {
	err := c.listener.Close()
	c.once.Do(func() { close(c.closed) })
	c.mu.Lock()
	for s := range c.sessions {
		s.conn.Close()
	}
	c.mu.Unlock()
	c.work.Wait()
	return err
}

func (c *Centre) accept() {
	for {
		conn, err := c.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			c.config.Log.Warn("accept", "err", err)
			continue
		}
		c.adopt(conn)
	}
}

func (c *Centre) adopt(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.closed:
		conn.Close()
		return
	default:
	}
	if len(c.sessions) >= maxSessions {
		conn.Close()
		return
	}
	s := &session{centre: c, conn: conn, gone: make(chan struct{}), answers: make(chan pdu, 1)}
	c.sessions[s] = true
	c.work.Go(s.serve)
}

// left forgets a session that has ended.
func (c *Centre) left(s *session) {
	c.mu.Lock()
	delete(c.sessions, s)
	c.mu.Unlock()
	c.retire(s)
}

// retire stops sending to a session.
func (c *Centre) retire(s *session) {
	c.mu.Lock()
	was := c.receiver == s
	if was {
		c.receiver = nil
	}
	c.mu.Unlock()
	if was {
		c.config.Changed()
	}
}

// Bound tells whether a client takes messages.
func (c *Centre) Bound() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.receiver != nil
}

// bind makes a session the one that messages go to.
func (c *Centre) bind(s *session) {
	c.mu.Lock()
	c.receiver = s
	c.mu.Unlock()
	c.config.Changed()
	c.wake()
}

func (c *Centre) wake() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// admits tells whether the client knows the password.
func (c *Centre) admits(id, password string) bool {
	return (c.config.Password == "" || password == c.config.Password) &&
		(c.config.SystemID == "" || id == c.config.SystemID)
}

// take accepts a submit_sm, hands the text on if it is complete, and returns
// the message id. reply is called before the text is handed on: a report
// should not come before the answer that names the id.
func (c *Centre) take(m short, reply func(id string) error) error {
	h, data := m.place()
	from, to := m.from.number(), m.to.number()
	c.mu.Lock()
	c.lastID++
	p := part{id: fmt.Sprintf("%08x", c.lastID), coding: m.coding, data: data, report: m.registered&3 != 0}
	parts := c.open.add(from, to, h, p)
	c.mu.Unlock()
	if err := reply(p.id); err != nil || parts == nil {
		return err
	}
	t := Text{From: from, To: to, Body: join(parts), Parts: len(parts)}
	for _, p := range parts {
		if p.report {
			t.IDs = append(t.IDs, p.id)
		}
	}
	c.config.Text(t)
	return nil
}

const international = 1

// number returns the digits, with a plus sign if they are international.
func (a address) number() string {
	if a.ton == international && !strings.HasPrefix(a.digits, "+") {
		return "+" + a.digits
	}
	return a.digits
}

// numbered is the reverse of number.
func numbered(n string) address {
	if digits, ok := strings.CutPrefix(n, "+"); ok {
		return address{international, 1, digits}
	}
	return address{0, 1, n}
}
