package stanza

// Error is a stanza error (RFC 6120 §8.3).
type Error struct {
	Type      string // cancel, continue, modify, auth, wait
	Condition string // e.g. item-not-found
	// Text is a sentence that the user can act on; never a secret.
	Text string
	// Gone is the address inside <gone/>, as a URI, only with that condition.
	Gone string
	// App is an application-specific condition; may be empty.
	App Writer
}

// Error returns the condition and the text.
func (e *Error) Error() string { return e.Condition + ": " + e.Text }

// Reply returns the error stanza in answer to s: same kind and id, from and to
// swapped, type error. ok is false when s must not be answered with an error
// (its type is error or result, or it has no from; xeps.md 6120.7).
func (e *Error) Reply(s *Stanza) (o *Out, ok bool) { panic("stub") }
