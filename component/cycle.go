package component

import (
	"errors"

	"causeway/component/stanza"
)

// protocolError ends the stream with a stream error of ours.
type protocolError struct {
	condition string
	err       error
}

func (e *protocolError) Error() string { return "component: the server sent " + e.err.Error() }
func (e *protocolError) Unwrap() error { return e.err }

// frame finds what the bytes hold and returns how many of them are done with.
func (s *stream) frame(data []byte) (used int) {
	r := &s.r
	clear(r.pieces)
	r.pieces, r.commits = r.pieces[:0], nil
	first := r.offset - uint64(r.tail)
	for {
		f, n, err := r.framer.Next(data[used:])
		used += n
		if err != nil {
			r.pieces = append(r.pieces, piece{err: refused(err)})
			return used
		}
		if f.kind == frameNone {
			return used
		}
		p := s.judge(f)
		if p.lasting && first+uint64(used) <= r.skip {
			p.old = true
		} else if p.lasting {
			p.index = len(r.commits)
			r.commits = append(r.commits, p.s)
		}
		r.pieces = append(r.pieces, p)
		if p.err != nil {
			return used
		}
	}
}

// refused makes the stream error for bytes that are no XML we take.
func refused(err error) error {
	e := &protocolError{condition: "not-well-formed", err: err}
	var syntax *stanza.SyntaxError
	if errors.As(err, &syntax) {
		e.condition = syntax.Condition
	}
	return e
}

// judge parses one frame and decides what becomes of it.
func (s *stream) judge(f frame) piece {
	switch f.kind {
	case frameEnd:
		return piece{err: errEnded}
	case frameError:
		return piece{err: parseStreamError(f.raw)}
	case frameSkipped:
		s.l.m.skipped("limit")
		return piece{s: f.head, answer: &stanza.Error{Type: "modify", Condition: "policy-violation",
			Text: "This stanza is larger or deeper than this gateway takes."}}
	}
	st, err := stanza.Parse(f.raw)
	if err != nil {
		return piece{err: refused(err)}
	}
	s.l.m.stanzasIn.Inc()
	v := s.l.check(st)
	if v.drop != "" {
		s.l.m.skipped(v.drop)
		return piece{s: st, answer: v.answer, old: v.answer == nil}
	}
	return piece{s: st, lasting: lasting(st)}
}

// dispatch hands over what the cycle found, in order.
func (s *stream) dispatch(cycle uint64) error {
	for i := range s.r.pieces {
		p := &s.r.pieces[i]
		switch {
		case p.err != nil:
			return p.err
		case p.old:
		case p.answer != nil:
			if p.s != nil {
				s.l.reply(p.s, p.answer)
			}
		default:
			var key Key
			if p.lasting {
				key = Key{Cycle: cycle, Index: uint32(p.index)}
			}
			s.deliver(p.s, key)
		}
	}
	return s.l.hook("dispatched")
}

// deliver gives one stanza to whom it concerns.
func (s *stream) deliver(st *stanza.Stanza, key Key) {
	if st.Kind == stanza.IQ {
		if offset, ok := s.barrier.answer(st); ok {
			s.acknowledge(offset)
			return
		}
		if st.Type == "result" || st.Type == "error" {
			if !s.l.req.answer(st) {
				s.l.m.skipped("unasked")
			}
			return
		}
	}
	defer s.l.recovered("Handle", st)
	s.l.h.Handle(st, key)
}

// acknowledge settles all that was written before offset.
func (s *stream) acknowledge(offset uint64) {
	if keys := s.l.out.settle(offset); len(keys) > 0 {
		func() {
			defer s.l.recovered("Settled", nil)
			s.l.h.Settled(keys)
		}()
	}
	s.settled()
	s.l.out.poke()
}
