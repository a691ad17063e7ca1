package component

import (
	"errors"
	"time"

	"causeway/bridges/takeover"
	"causeway/component/stanza"
)

// protocolError ends the stream with a stream error of ours.
type protocolError struct {
	condition string
	err       error
}

func (e *protocolError) Error() string { return "component: the server sent " + e.err.Error() }
func (e *protocolError) Unwrap() error { return e.err }

// frame finds what the bytes hold, one unit only when that is suspicious, and
// returns the offset behind the last. The error is that of a test.
func (s *stream) frame() (last uint64, err error) {
	r := &s.r
	clear(r.pieces)
	r.pieces, r.commits = r.pieces[:0], nil
	single := r.single()
	if !single {
		if err := s.try(r.base+r.framer.Offset(), 0); err != nil {
			return 0, err
		}
	}
	for {
		last, err = s.unit(single, last)
		if err != nil || single || !r.rest {
			return last, err
		}
	}
}

// unit takes the next unit; rest tells whether more may be there.
func (s *stream) unit(single bool, last uint64) (uint64, error) {
	r := &s.r
	f, ok, err := r.framer.Next()
	if err != nil {
		r.pieces = append(r.pieces, piece{err: refused(err)})
	}
	if r.rest = ok; !ok {
		return last, nil
	}
	var p piece
	if single {
		p, err = s.judgeSuspect(f)
	} else {
		p = s.judge(f)
	}
	if err == nil {
		s.found(p, r.base+f.End)
	}
	return r.base + f.End, err
}

// found enters a piece that ends there.
func (s *stream) found(p piece, end uint64) {
	r := &s.r
	if p.lasting && end <= r.skip {
		p.done = true
	} else if p.lasting {
		p.index = len(r.commits)
		r.commits = append(r.commits, p.s)
	}
	r.pieces = append(r.pieces, p)
	r.rest = p.err == nil
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
func (s *stream) judge(f stanza.Frame) piece {
	switch f.Kind {
	case stanza.FrameStanza:
		return s.parse(f.Raw)
	case stanza.FrameSkipped:
		s.l.m.skipped("limit")
		s.l.log.Warn("a stanza was skipped", "reason", f.Reason, "from", f.Head.From, "to", f.Head.To)
		return piece{s: f.Head, answer: &stanza.Error{
			Type: "modify", Condition: "policy-violation",
			Text: "This stanza is more than this gateway takes: " + f.Reason + ".",
		}, done: f.Head.Kind == 0}
	case stanza.FrameEnd:
		return piece{err: errEnded}
	}
	if e, err := stanza.ParseElement(f.Raw); err == nil {
		if streamError, ok := stanza.ReadStreamError(e); ok {
			return piece{err: streamError}
		}
	}
	s.l.m.skipped("unknown")
	return piece{done: true}
}

// parse reads a stanza. What is no XML by a server's fault harms nobody else:
// its end is known, and it is skipped. But an entity that nobody can have
// declared means that the server reads another language than we do (RFC 6120
// §11.1).
func (s *stream) parse(raw []byte) piece {
	if takeover.Faulty {
		takeover.Step("stanza", string(raw))
	}
	st, err := stanza.Parse(raw)
	var syntax *stanza.SyntaxError
	switch {
	case err == nil:
	case errors.As(err, &syntax) && syntax.Condition == "restricted-xml":
		return piece{err: refused(err)}
	default:
		s.l.m.skipped("not-well-formed")
		s.l.log.Error("the server sent a stanza that is not well-formed; it was skipped", "error", err)
		return piece{done: true}
	}
	s.l.m.stanzasIn.Inc()
	v := s.l.check(st)
	if v.drop != "" {
		s.l.m.skipped(v.drop)
		s.foreign(st, v.drop)
		return piece{s: st, answer: v.answer, done: v.answer == nil}
	}
	return piece{s: st, lasting: lasting(st)}
}

// foreign says once a stream that stanzas of another domain come: they are
// lost, and only the administrator can help.
func (s *stream) foreign(st *stanza.Stanza, reason string) {
	if s.r.warned || reason != foreignTo {
		return
	}
	s.r.warned = true
	s.l.log.Error("the server sends stanzas for another domain, which are dropped; with ejabberd, "+
		"give each domain a listener of its own or set global_routes: false", "to", st.To)
}

// dispatch hands over what the cycle found, in order.
func (s *stream) dispatch(cycle uint64) error {
	s.l.out.gather()
	defer s.l.out.gathered()
	for i := range s.r.pieces {
		p := &s.r.pieces[i]
		switch {
		case p.err != nil:
			return p.err
		case p.done:
		case p.answer != nil:
			s.l.reply(p.s, p.answer)
		default:
			var key Key
			if p.lasting {
				key = Key{Cycle: cycle, Index: uint32(p.index)}
			}
			if err := s.deliver(p.s, key); err != nil {
				return err
			}
		}
	}
	return s.l.hook("dispatched")
}

// deliver gives one stanza to whom it concerns.
func (s *stream) deliver(st *stanza.Stanza, key Key) error {
	if st.Kind == stanza.IQ {
		if offset, took, ok := s.barrier.answer(st, time.Now(), s.noteAnswered); ok {
			return s.acknowledge(offset, took)
		}
		if st.Type == "result" || st.Type == "error" {
			if !s.l.req.answer(st) {
				s.l.m.skipped("unasked")
			}
			return nil
		}
		if st.From == st.To && st.From == s.l.c.Domain {
			s.l.m.skipped("own") // a predecessor's ping comes back
			return nil
		}
	}
	s.l.handle(st, key)
	return nil
}

func (l *Link) handle(st *stanza.Stanza, key Key) {
	defer l.recovered("Handle", st)
	l.h.Handle(st, key)
}

func (s *stream) noteAnswered(offset uint64) { s.l.note.setAnswered(s.id, offset) }

// acknowledge settles all that was written before offset.
func (s *stream) acknowledge(offset uint64, took time.Duration) error {
	if offset == 0 {
		return nil // a later answer said more
	}
	if err := s.l.hook("answered"); err != nil {
		return err
	}
	if keys, r := s.l.out.settle(offset, took); len(keys) > 0 {
		s.l.settled(keys, r)
	}
	s.settled()
	s.l.out.poke()
	return s.l.hook("settled")
}

// settled hands the keys to the Handler. If that panics, nobody else would say
// that they are done with.
func (l *Link) settled(keys []Key, r *receipt) {
	done := func() {
		if l.hook("done") == nil {
			l.out.done(r)
		}
	}
	panicked := true
	defer l.recovered("Settled", nil)
	defer func() {
		if panicked {
			done()
		}
	}()
	l.h.Settled(keys, done)
	panicked = false
}
