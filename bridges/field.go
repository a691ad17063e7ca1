package bridges

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// FieldKind is what the value of a Field may be.
type FieldKind uint8

// The kinds. Every value travels as text.
const (
	Text   FieldKind = iota // one line
	Secret                  // one line that is neither shown, nor logged, nor offered again
	Choice                  // the Value of one of Field.Options
	Bool                    // what strconv.ParseBool reads; "true" and "false" when we write it
	Number                  // a whole number, as strconv.ParseInt reads it
	Lines                   // text of several lines
	JID                     // an address of XMPP
	JIDs                    // such addresses, one a line
)

// Field is one datum that a form asks for, whichever door shows it.
type Field struct {
	// Name identifies the value: an XML name, since jabber:iq:register (XEP-0077)
	// has elements of that name.
	Name string
	// Label is what people read before the value; Help, one sentence, is what
	// they read when that is not enough.
	Label, Help string
	Kind        FieldKind
	Required    bool
	// Options are what there is to choose from, at least one. Only with Choice.
	Options []Option
	// Pattern is an RE2 expression that the whole of a Text or Secret must
	// match; empty: anything does. Help says in words what it wants.
	Pattern string
	// Default is offered as the value when there is none yet. Check takes it.
	// Never with Secret.
	Default string
}

// Option is one value of a Choice.
type Option struct{ Value, Label string }

// Check tells whether a form may be sent with this value; the empty one says
// that the field is left out. It does not block. An error is a Malformed *Error
// that names the field and not its value; Internal when the Pattern cannot be
// compiled.
func (f Field) Check(value string) error {
	if value == "" {
		if f.Required {
			return &Error{Kind: Malformed, Text: "Please fill in: " + f.Label + "."}
		}
		return nil
	}
	fits, err := f.fits(value)
	switch {
	case err != nil:
		return &Error{Kind: Internal, Text: "The form has a fault.", Cause: fmt.Errorf("field %s: %w", f.Name, err)}
	case fits:
		return nil
	case f.Help != "":
		return &Error{Kind: Malformed, Text: f.Label + ": " + f.Help}
	}
	return &Error{Kind: Malformed, Text: f.Label + ": this value does not fit."}
}

func (f Field) fits(value string) (bool, error) {
	switch f.Kind {
	case Choice:
		return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == value }), nil
	case Bool:
		_, err := strconv.ParseBool(value)
		return err == nil, nil
	case Number:
		_, err := strconv.ParseInt(value, 10, 64)
		return err == nil, nil
	}
	if f.Pattern == "" {
		return true, nil
	}
	p, err := regexp.Compile(`\A(?:` + f.Pattern + `)\z`)
	return err == nil && p.MatchString(value), err
}
