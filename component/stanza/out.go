package stanza

// Out is a stanza on its way out. The link stamps and checks the attributes:
// From must lie in its domain, To must not be empty.
type Out struct {
	Kind                     Kind
	From, To, ID, Type, Lang string
	// Payload is what stands inside, made by a Writer.
	Payload Writer
}

// Append appends the stanza to b. Characters that XML 1.0 forbids are dropped
// from every field (RFC 6120 §11; xeps.md 6120.3).
func (o *Out) Append(b []byte) []byte { panic("stub") }

// Writer builds a piece of XML by appending. Its zero value is ready to use.
// It is always well-formed: text and attribute values are escaped, forbidden
// characters dropped, and elements still open are closed by Bytes.
// Names and namespaces are constants of the program, never input.
type Writer struct{}

// Start opens an element. space is written as xmlns unless it is empty.
// attrs are pairs of name and value; a pair with an empty value is left out.
func (w *Writer) Start(local, space string, attrs ...string) *Writer { panic("stub") }

// Text appends character data.
func (w *Writer) Text(s string) *Writer { panic("stub") }

// End closes the innermost open element.
func (w *Writer) End() *Writer { panic("stub") }

// Leaf is Start, Text (when s is not empty) and End.
func (w *Writer) Leaf(local, space, s string, attrs ...string) *Writer { panic("stub") }

// Copy appends an element of a received stanza, with the namespace
// declarations that it needs to stand alone.
func (w *Writer) Copy(e Element) *Writer { panic("stub") }

// Bytes returns the XML written so far. The Writer stays the owner.
func (w *Writer) Bytes() []byte { panic("stub") }
