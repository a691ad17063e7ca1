package bridges

import (
	"errors"
	"time"
)

// Kind is what went wrong, seen by the sender. It decides the retry and the
// XMPP error condition (facts/sms.md section 8 for SMS).
type Kind uint8

// The kinds. Only Temporary is retried; Unknown follows Info.Unknown.
const (
	Internal    Kind = iota // a fault of ours
	Temporary               // try again: throttled, not connected
	Unknown                 // sent, but no answer came: it may have arrived
	Malformed               // no such address can exist
	NotFound                // the address exists nowhere
	Absent                  // known, cannot be reached now
	Rejected                // the network refuses this message
	Forbidden               // the addressee has opted out
	NotAllowed              // the configuration forbids this address
	Quota                   // too much, try later
	TooLong                 // the message does not fit
	Unsupported             // the network cannot carry this
	Gone                    // use Error.Instead
)

// Error is a failure with a kind and two texts. Secrets are in neither.
type Error struct {
	Kind Kind
	// Text is a sentence that the user can act on.
	Text string
	// Cause is for the operator's log; may be nil.
	Cause error
	// After is how long to wait before the next attempt; zero leaves it to
	// the gateway. Only with Temporary.
	After time.Duration
	// Instead is the canonical address. Only with Gone.
	Instead UserID
}

// Error returns the text and the cause.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Text
	}
	return e.Text + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of the first *Error in err's tree, else Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
