// Package load drives an XMPP server with numbered texts through a client and
// keeps account of what becomes of each.
//
// Text n goes to contact n mod len(Contacts) as number n / len(Contacts) of that
// conversation, with the id "RUN-n" and a body that starts with "#NUMBER ".
// Texts from the other side are expected to start in the same way.
package load

import (
	"context"
	"errors"
	"os"
	"time"

	"causeway/cmd/loadgen/client"
	"causeway/cmd/loadgen/ledger"
	"causeway/cmd/loadgen/wire"
)

// Config says what load one user makes.
type Config struct {
	Client   client.Config
	Contacts []string // bare JIDs
	Run      string   // makes ids unique among runs
	Window   int      // texts under way at once
	Count    int      // texts to send; 0: as many as fit into For
	For      time.Duration
	Size     int // characters of a text
	// Every LongEvery-th text has LongSize characters.
	LongEvery, LongSize int
	// Echo: the round trip is done when the text itself comes back, not its
	// receipt (XEP-0184), which is asked for in any case.
	Echo bool
	// Patience is how long an unanswered text holds its place in the window.
	Patience time.Duration
	// Stuck contacts get StuckCount texts each, evenly over Count, whose
	// answers nobody waits for.
	Stuck      []string
	StuckCount int
	// Reconnect: log in again when the connection is lost, and go on.
	Reconnect bool
	// Linger: after the last answer, read on until nothing came for this long.
	Linger time.Duration
	// Rate is texts a second; 0: as many as the window allows.
	Rate float64
	// Stop, when closed, ends the sending. Done, when closed, ends the run after
	// all that the server has sent before: a ping to it is answered then.
	Stop, Done <-chan struct{}
	// Seen, if set, is called with each stanza that comes, which is valid until
	// it returns.
	Seen func(raw []byte, h wire.Head)
	// Sent, SentStuck, Inbound and Outcome, if set, are called for each text that
	// is sent, each to a stuck contact, each text that comes, and each final
	// answer. They must not block.
	Sent, SentStuck func(n int)
	Inbound         func(from, id string, number uint64, v ledger.Verdict)
	Outcome         func(n int, o Outcome, text string)
}

// Outcome is what became of a text.
type Outcome uint8

// The outcomes.
const (
	Unsent Outcome = iota
	Open           // sent, no answer yet
	Answered
	Failed // an error came back
)

// maxOpenTime bounds how long the end of a run is waited for without Patience.
const maxOpenTime = time.Minute

// Run makes the load until all texts are answered or given up, or ctx ends. The
// report is valid also with an error.
func Run(ctx context.Context, c Config) (*Report, error) {
	r := &runner{Config: c, report: newReport()}
	if r.Patience == 0 {
		r.Patience = maxOpenTime
	}
	r.began = time.Now()
	err := r.run(ctx)
	r.finish()
	return r.report, err
}

type runner struct {
	Config
	report   *Report
	cl       *client.Client
	began    time.Time
	last     time.Time // of the last answer
	now      time.Time // as of the last read that blocked
	sent     []int64   // time since began, by text
	state    []Outcome // by text
	oldest   int       // all before have left the window
	underway int
	asked    bool // the last ping is sent
	over     bool // and answered
	stuck    int  // texts sent to stuck contacts
	scratch  []byte
	echoes   ledger.Ledger
	inbound  ledger.Ledger
}

func (r *runner) run(ctx context.Context) error {
	for {
		err := r.session(ctx)
		if err == nil || ctx.Err() != nil || !r.Reconnect {
			return err
		}
		r.report.Reconnects++
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// session is one connection. It returns nil when the load is done.
func (r *runner) session(ctx context.Context) error {
	cl, err := client.Dial(ctx, r.Client)
	if err != nil {
		return err
	}
	defer cl.Close()
	defer context.AfterFunc(ctx, func() { cl.Deadline(time.Unix(1, 0)) })()
	r.cl, r.asked = cl, false
	if err := cl.Send("<presence/>"); err != nil {
		return err
	}
	quiet := time.Now()
	for {
		r.now = time.Now()
		if err := errors.Join(r.fill(), r.ask()); err != nil {
			return err
		}
		if r.over || r.done() && time.Since(quiet) > r.Linger {
			return nil
		}
		err := r.read()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			quiet = r.now
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
	}
}

// read handles what has come, all that there is without blocking again.
func (r *runner) read() error {
	r.cl.Flush()
	r.cl.Deadline(time.Now().Add(20 * time.Millisecond))
	raw, head, err := r.cl.Read()
	r.now = time.Now()
	for ; err == nil; raw, head, err = r.cl.Read() {
		r.handle(raw, head)
		if r.fill(); !r.cl.Buffered() {
			return nil
		}
	}
	return err
}

// done tells whether nothing is left to send or to wait for. With Done it is
// that channel that says so.
func (r *runner) done() bool {
	if r.Done != nil {
		return false
	}
	over := closed(r.Stop) || r.For > 0 && r.now.Sub(r.began) >= r.For || r.Count > 0 && len(r.sent) >= r.Count
	return over && r.underway == 0
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

const lastPing = "last-ping"

// ask sends the last ping once it is time for it. A new connection asks again.
func (r *runner) ask() error {
	if r.asked || !closed(r.Done) {
		return nil
	}
	r.asked = true
	return r.cl.Write([]byte("<iq type='get' id='" + lastPing + "'><ping xmlns='urn:xmpp:ping'/></iq>"))
}
