package component

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"mellium.im/xmpp/jid"

	"causeway/bridges/takeover"
	"causeway/component/stanza"
)

// Link is the connection of one domain. Make it with New, serve it with Run.
type Link struct {
	c   Config
	h   Handler
	j   Journal
	log *slog.Logger
	m   counters
	t   timing
	out *outbox
	req *requests

	keeper takeover.Keeper
	note   *note

	state atomic.Pointer[state]

	// marks are what a predecessor noted, until the first connection.
	marks *marks
	// step, in tests, stops the link between two steps as a kill would.
	step func(step string) error
}

// New returns a link that is not yet connected. What a predecessor has sent is
// known from here on.
func New(c Config, h Handler, j Journal) *Link {
	if c.MaxStanza == 0 {
		c.MaxStanza = 512 << 10
	}
	if c.MaxDepth == 0 {
		c.MaxDepth = 100
	}
	if c.MaxAttributes == 0 {
		c.MaxAttributes = 100
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	l := &Link{
		c: c, h: h, j: j, t: usualTiming,
		log: c.Log.With("domain", c.Domain), m: c.Metrics.of(c.Domain),
		req: &requests{open: map[string]request{}},
	}
	l.inherit()
	return l
}

// Run connects, and reconnects with jittered back-off, until ctx ends; then it
// closes the stream in order (design, "Closing": bounded to 5 s) and returns
// nil. With takeover.ErrHandover as the cause it finishes its read cycle and
// returns with the stream open: a successor adopts it. It returns an error only
// for a Config that can never work.
func (l *Link) Run(ctx context.Context) error {
	if err := l.c.check(); err != nil {
		return err
	}
	defer func() {
		l.out.close()
		l.req.wake()
	}()
	b := backoff{t: l.t, ended: time.Now()} // a predecessor may have been killed just now
	for ctx.Err() == nil {
		up, err := l.session(ctx)
		if ctx.Err() != nil || errors.Is(err, errKilled) {
			break
		}
		delay := b.next(err, up)
		l.report(err, delay)
		pause(ctx, delay)
	}
	return nil
}

// check refuses what no server can accept.
func (c *Config) check() error {
	d, err := jid.Parse(c.Domain)
	switch {
	case err != nil:
		return fmt.Errorf("component: domain %q: %w", c.Domain, err)
	case d.String() != c.Domain || d.Domainpart() != c.Domain:
		return fmt.Errorf("component: %q is no domain name in its normal form (%q)", c.Domain, d.Domainpart())
	case c.Address == "":
		return Error("component: no address of the server")
	case c.Secret == "":
		return Error("component: no secret for " + c.Domain)
	}
	return nil
}

// Send queues o for writing: the one way out. It stamps a random UUID where o
// has no id, and refuses o when From is outside the domain, or From or To is no
// address (ErrAddress), when its kind has no such type (ErrType), or when it is
// larger than MaxStanza (ErrTooLarge).
//
// With a key, o waits for a connection, and Send blocks while too much is
// written and not settled; Handler.Settled gets the key when the server has
// taken o, and o is sent again with the same id after a lost connection.
// Without a key it returns ErrDown at once when the link is down, blocks while
// too much is queued, and o is lost with the connection. After Run has
// returned, every Send returns ErrDown. A ctx that has ended does not wait.
func (l *Link) Send(ctx context.Context, o *stanza.Out, key Key) error {
	if !writable(o.To) || !sendable(o.From, l.c.Domain) {
		return fmt.Errorf("%w: from %q to %q", ErrAddress, o.From, o.To)
	}
	if !slices.Contains(types[o.Kind], o.Type) {
		return ErrType
	}
	c := *o
	if c.ID == "" {
		c.ID = newUUID()
	}
	if err := l.out.send(ctx, key, l.c.MaxStanza, &c); err != nil {
		return err
	}
	l.m.stanzasOut.Inc()
	return nil
}

// types are those of RFC 6121 §4.7.1 and §5.2.2 and RFC 6120 §8.2.3. ejabberd
// refuses any other.
var types = map[stanza.Kind][]string{
	stanza.Message:  {"", "normal", "chat", "groupchat", "headline", "error"},
	stanza.Presence: {"", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error"},
	stanza.IQ:       {"get", "set", "result", "error"},
}

// reply sends an answer of the link itself. The reader never waits for the
// writer: beyond a bound the answer is dropped and counted.
func (l *Link) reply(s *stanza.Stanza, e *stanza.Error) {
	o, ok := e.Reply(s)
	if !ok || !sendable(o.From, l.c.Domain) {
		return
	}
	if !l.out.own(o) {
		l.m.dropped("reply")
		return
	}
	l.m.stanzasOut.Inc()
}

// recovered keeps a panic of the Handler from the stream; s is answered.
func (l *Link) recovered(where string, s *stanza.Stanza) {
	p := recover()
	if p == nil {
		return
	}
	l.m.skipped("panic")
	l.log.Error("panic in a handler", "where", where, "panic", p, "stack", string(debug.Stack()))
	if s != nil && s.Kind == stanza.IQ {
		l.reply(s, &stanza.Error{
			Type: "cancel", Condition: "internal-server-error",
			Text: "This gateway failed to handle the request. The failure is in its log.",
		})
	}
}

// hook is where tests stop the link: between every two steps.
func (l *Link) hook(step string) error {
	takeover.Step("link", step)
	if l.step == nil {
		return nil
	}
	return l.step(step)
}

// Error is a constant error of this package.
type Error string

// Error returns the text.
func (e Error) Error() string { return string(e) }

// The errors of Send and Request.
const (
	ErrDown     Error = "component: the link is down"
	ErrAddress  Error = "component: from outside the domain, or no address"
	ErrTooLarge Error = "component: stanza too large"
	ErrType     Error = "component: no type that such a stanza may have"

	errKilled Error = "component: stopped as by a kill"
)
