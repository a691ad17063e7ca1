// Package smpp is an SMPP v3.4 client: one transceiver bind that is kept up,
// with a window that blocks, pacing, and answers that go out only after their
// message is safe. A bind without TLS outlives the process: see note and adopt. "Spec" is the SMPP Protocol Specification v3.4, issue 1.2.
package smpp

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"causeway/bridges/settings"
	"causeway/bridges/takeover"
)

// Config says how a bind is made. Address and SystemID are required; zero
// values of the rest become the defaults named here.
type Config struct {
	Address    string          // host:port; 2775 and, with TLS, 3550 by habit
	SystemID   string          // at most 15 octets
	Password   settings.Secret // at most 8 octets by the specification, 64 here
	SystemType string          // at most 12 octets
	TLS        *tls.Config

	Window int     // submits without an answer; 0: 10
	Rate   float64 // submits per second at most; 0: no limit

	// Times are at least 100 ms.
	EnquireEvery   time.Duration // silence before an enquire_link; 0: 30 s
	AnswerTimeout  time.Duration // for each request; 0: 20 s
	ConnectTimeout time.Duration // for TCP, TLS and bind together; 0: 15 s

	// Keeper holds the bind and the note beyond this process, under names of
	// its own; nil: nobody does. With TLS only the note is held.
	Keeper takeover.Keeper

	Log   *slog.Logger // nil: slog.Default()
	Count func(Event)  // counts events; must neither block nor use the client; nil: not counted
}

// Handler gets what the centre sends. A stream is the number of one bind: it
// differs for every bind, in other processes too, and stays when another
// process goes on with the bind.
type Handler interface {
	// Bound is called each time a bind has succeeded or that of a predecessor
	// goes on, before its first Deliver. It must not block.
	Bound()
	// Deliver gets messages (deliver_sm and data_sm) in the order in which they
	// came: all that one read brought or that came during the last call. It
	// returns one status for each when the messages are safe; only then are
	// they answered. It may block while they are not: the bind lives on, and
	// reading stops when 1000 more wait. One call at a time. ctx ends with the
	// bind; what is returned after that reaches nobody. A message that is not
	// answered comes again over another stream, or after a takeover with the
	// same stream and Offset. The slice may not be kept, what it points to may.
	//
	// What depends on nothing but the messages is done in a function given to
	// try, which calls it at once: of what kills three processes there, one
	// message is found out, refused and skipped. Waiting has no place there.
	Deliver(ctx context.Context, stream uint64, batch []*DeliverSM, try func(func())) []Status
	// Answered says that TCP has carried our answers to these messages to the
	// centre, so that an equal message later is a new one. Messages that were
	// answered with an error status are among them. It must not block. One
	// call at a time, which may be beside a Deliver; none for a stream after
	// the Bound of the next.
	Answered(stream uint64, batch []*DeliverSM)
}

// Event is something worth counting, in words fit for a metric label.
type Event string

// The events.
const (
	Submitted  Event = "submitted"  // a submit_sm was written
	Accepted   Event = "accepted"   // answered with ROK
	Refused    Event = "refused"    // answered with an error
	Throttled  Event = "throttled"  // answered with 0x58 or 0x14
	Unanswered Event = "unanswered" // a submit got no answer
	Late       Event = "late"       // an answer that nobody waited for
	Delivered  Event = "delivered"  // a deliver_sm or data_sm came
	Bad        Event = "bad"        // a PDU came that could not be used
	Nacked     Event = "nacked"     // a generic_nack came
	Binds      Event = "binds"      // a bind succeeded
	Lost       Event = "lost"       // a bind or an attempt at one ended
	Adopted    Event = "adopted"    // a predecessor's bind goes on
	Misfits    Event = "misfits"    // a predecessor's bind could not go on
	Poison     Event = "poison"     // a PDU is skipped because processes died of it
)

// Events are all of them.
var Events = []Event{
	Submitted, Accepted, Refused, Throttled, Unanswered, Late, Delivered, Bad, Nacked, Binds, Lost, Adopted, Misfits, Poison,
}
