package stanza

import "strconv"

// SyntaxError says why bytes are refused. The stream ends with Condition as its
// error (RFC 6120 §4.9.3); Text holds none of the input.
type SyntaxError struct {
	Condition string
	Text      string
	Offset    int // in what was given to Parse, or in the stream
}

// The stream error conditions in use here.
const (
	notWellFormed     = "not-well-formed"
	restrictedXML     = "restricted-xml"
	badFormat         = "bad-format"
	unsupportedStanza = "unsupported-stanza-type"
)

// Error returns condition, reason and place.
func (e *SyntaxError) Error() string {
	return "stanza: " + e.Condition + ": " + e.Text + " at byte " + strconv.Itoa(e.Offset)
}

func (p *parser) fail(text string) error {
	return &SyntaxError{Condition: notWellFormed, Text: text, Offset: p.i}
}

func (p *parser) restricted(text string) error {
	return &SyntaxError{Condition: restrictedXML, Text: text, Offset: p.i}
}
