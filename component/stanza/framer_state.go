package stanza

import (
	"encoding/binary"
	"errors"
)

// stateVersion begins a state. A successor of another version cannot go on in
// mid-stanza and has to connect anew.
const stateVersion = 1

// ErrState says that a state cannot be gone on from.
var ErrState = errors.New("stanza: state of a framer is damaged or of another version")

// Tail returns what is given and not yet returned by Next: a part of a stanza,
// or nothing. It is valid until the next Space or Restore.
func (f *Framer) Tail() []byte { return f.buf[f.start:] }

// State appends to b what a successor needs, beside Tail, to go on at the next
// byte: a version, the offset, and where in the stanza it stands.
func (f *Framer) State(b []byte) []byte {
	flags := byte(0)
	if f.header {
		flags |= 1
	}
	if f.skip != nil {
		flags |= 2
	}
	b = append(b, stateVersion, flags, byte(f.state))
	for _, v := range [...]uint64{
		f.base + uint64(f.start), uint64(f.pos - f.start),
		uint64(f.depth), uint64(f.attrs), uint64(f.match),
	} {
		b = binary.AppendUvarint(b, v)
	}
	if f.skip == nil {
		return b
	}
	h := f.skip.Head
	b = append(b, byte(h.Kind))
	for _, s := range [...]string{f.skip.Reason, h.From, h.To, h.ID, h.Type, h.Lang} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// Restore puts the framer where another was at State. It copies tail. The error
// is ErrState; the framer is then of no use.
func (f *Framer) Restore(state, tail []byte) error {
	r := reader{b: state}
	if version := r.byte(); version != stateVersion {
		return ErrState
	}
	flags, st := r.byte(), r.byte()
	base, pos := r.uvarint(), r.int()
	n := Framer{
		limits: f.limits, buf: append([]byte(nil), tail...), base: base, pos: pos,
		header: flags&1 != 0, depth: r.int(), attrs: r.int(), match: r.int(),
	}
	if flags&2 != 0 {
		h := &Stanza{Kind: Kind(r.byte())}
		n.skip = &Frame{Kind: FrameSkipped, Head: h, Reason: r.string()}
		h.From, h.To, h.ID, h.Type, h.Lang = r.string(), r.string(), r.string(), r.string(), r.string()
	}
	if n.state = stateOf(st); r.bad || len(r.b) > 0 || !n.sound() {
		return ErrState
	}
	*f = n
	return nil
}

func stateOf(b byte) state { return state(min(b, byte(states))) }

// sound tells whether a restored state can have come from a framer, as far as
// going on depends on it.
func (f *Framer) sound() bool {
	inUnit := f.state != inContent && f.state != inNothing || f.depth > 0
	switch {
	case f.state >= states, f.pos > len(f.buf):
		return false
	case f.match >= len("[CDATA["), f.header && (f.depth > 0 || f.skip != nil):
		return false
	case f.skip != nil:
		return f.pos == 0 && inUnit && (f.depth > 0 || f.state != inEnd && f.state != inDecl)
	case f.state == inEnd:
		return f.pos >= len("</")
	case f.state == inDecl:
		return f.pos >= len("<?")
	}
	return f.pos > 0 == inUnit
}

// reader takes a state apart; bad tells that it was too short.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// int reads a number that counts bytes or elements.
func (r *reader) int() int {
	v := r.uvarint()
	if v > 1<<53 {
		r.bad = true
		return 0
	}
	return int(v)
}

func (r *reader) string() string {
	n := r.int()
	if n > len(r.b) {
		r.bad = true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
