package stanza

// NSError is the namespace of the conditions of a stanza error.
const NSError = "urn:ietf:params:xml:ns:xmpp-stanzas"

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

// types has the conditions of RFC 6120 §8.3.3 with the type that each has when
// none is given.
var types = map[string]string{
	"bad-request":             "modify",
	"conflict":                "cancel",
	"feature-not-implemented": "cancel",
	"forbidden":               "auth",
	"gone":                    "cancel",
	"internal-server-error":   "cancel",
	"item-not-found":          "cancel",
	"jid-malformed":           "modify",
	"not-acceptable":          "modify",
	"not-allowed":             "cancel",
	"not-authorized":          "auth",
	"policy-violation":        "modify",
	"recipient-unavailable":   "wait",
	"redirect":                "modify",
	"registration-required":   "auth",
	"remote-server-not-found": "cancel",
	"remote-server-timeout":   "wait",
	"resource-constraint":     "wait",
	"service-unavailable":     "cancel",
	"subscription-required":   "auth",
	"undefined-condition":     "cancel",
	"unexpected-request":      "wait",
}

// Error returns the condition and the text.
func (e *Error) Error() string { return e.Condition + ": " + e.Text }

// Reply returns the error stanza in answer to s: same kind and id, from and to
// swapped, type error. ok is false when s must not be answered with an error
// (its type is error or result, or it has no from; xeps.md 6120.7).
// A condition that RFC 6120 does not define, from a peer's error that is passed
// on, becomes undefined-condition; an empty type the usual one.
func (e *Error) Reply(s *Stanza) (o *Out, ok bool) {
	if s.Type == "error" || s.Type == "result" || s.From == "" {
		return nil, false
	}
	o = &Out{Kind: s.Kind, From: s.To, To: s.From, ID: s.ID, Type: "error"}
	e.write(&o.Payload)
	return o, true
}

func (e *Error) write(w *Writer) {
	condition, typ := e.Condition, e.Type
	usual, known := types[condition]
	if !known {
		condition, usual = "undefined-condition", "cancel"
	}
	switch typ {
	case "cancel", "continue", "modify", "auth", "wait":
	default:
		typ = usual
	}
	gone := ""
	if condition == "gone" || condition == "redirect" {
		gone = e.Gone
	}
	w.Start("error", "", "type", typ).Leaf(condition, NSError, gone)
	if e.Text != "" {
		w.Leaf("text", NSError, e.Text, "xml:lang", "en")
	}
	w.content()
	w.buf = append(w.buf, e.App.Bytes()...)
	w.End()
}

// Err returns the error that a stanza of type error carries; nil for any other.
// One without a readable condition is an undefined-condition.
func (s *Stanza) Err() *Error {
	if s.Type != "error" {
		return nil
	}
	e, ok := s.Child("", "error")
	if !ok {
		return &Error{Type: "cancel", Condition: "undefined-condition"}
	}
	return ErrorIn(e)
}

// ErrorIn reads an <error/>, such as one in a stanza that is forwarded.
func ErrorIn(e Element) *Error {
	r := &Error{Type: e.Attr("type"), Condition: "undefined-condition"}
	for c := range e.Children() {
		switch space, local := c.Name(); {
		case space != NSError:
			if len(r.App.buf) == 0 {
				r.App.Copy(c)
			}
		case local == "text":
			r.Text = c.Text()
		case types[local] != "":
			r.Condition = local
			r.Gone = c.Text()
		}
	}
	return r
}
