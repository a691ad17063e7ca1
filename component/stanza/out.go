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
// from every field (RFC 6120 §11; xeps.md 6120.3). An Out of no kind appends
// nothing.
func (o *Out) Append(b []byte) []byte {
	name := o.Kind.String()
	if name == "" {
		return b
	}
	b = append(b, '<')
	b = append(b, name...)
	for _, a := range [...]struct{ name, value string }{
		{"from", o.From}, {"to", o.To}, {"id", o.ID}, {"type", o.Type}, {"xml:lang", o.Lang},
	} {
		if a.value != "" {
			b = appendAttr(b, a.name, a.value)
		}
	}
	payload := o.Payload.Bytes()
	if len(payload) == 0 {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	b = append(b, payload...)
	b = append(b, "</"...)
	b = append(b, name...)
	return append(b, '>')
}
