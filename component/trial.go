package component

import "causeway/component/stanza"

const (
	trialSize = 32
	// maxDeaths is how many workers one stanza may kill.
	maxDeaths = 3
)

// trial is what the reader is about to look at. A successor that finds one
// knows what its predecessor died of: it takes the stanzas singly then, each
// with a trial of its own, and skips the one at which the third has died.
type trial struct {
	conn    uint64
	to      uint64 // offset behind what is tried
	deaths  uint64 // at it so far
	waiting bool   // for the disk: who dies then did not die of it
}

func (n *note) setTrial(t trial) {
	var b [trialSize]byte
	order.PutUint64(b[0:], t.conn)
	order.PutUint64(b[8:], t.to)
	order.PutUint64(b[16:], t.deaths)
	if t.waiting {
		b[24] = 1
	}
	n.trial.Set(b[:])
}

// suspect returns what the predecessor's death on a connection has made
// suspicious; the zero trial when there is nothing.
func (n *note) suspect(conn uint64) trial {
	b := n.trial.Get()
	if len(b) != trialSize || order.Uint64(b) != conn {
		return trial{}
	}
	t := trial{conn: conn, to: order.Uint64(b[8:]), deaths: order.Uint64(b[16:]), waiting: b[24] != 0}
	if !t.waiting {
		t.deaths++
	}
	if t.deaths == 0 {
		return trial{}
	}
	return t
}

// single tells whether the next stanza is to be taken by itself.
func (r *reader) single() bool { return r.position() < r.suspect.to }

// try notes that all that is there is looked at, or one suspicious frame.
func (s *stream) try(to, deaths uint64) error {
	s.r.trial = trial{conn: s.r.conn, to: to, deaths: deaths}
	s.l.note.setTrial(s.r.trial)
	return s.l.hook("tried")
}

// deaths returns how many workers have died at a frame that ends there.
func (r *reader) deaths(end uint64) uint64 {
	if end == r.suspect.to {
		return r.suspect.deaths
	}
	return 1
}

// judgeSuspect is judge for a frame that is suspicious.
func (s *stream) judgeSuspect(f stanza.Frame) (piece, error) {
	end := s.r.base + f.End
	deaths := s.r.deaths(end)
	if err := s.try(end, deaths); err != nil {
		return piece{}, err
	}
	if deaths < maxDeaths || f.Raw == nil || f.Kind != stanza.FrameStanza {
		return s.judge(f), nil
	}
	head := &stanza.Stanza{}
	if deaths == maxDeaths { // or it died of the head
		head = stanza.Head(f.Raw)
	}
	s.l.m.skipped("poison")
	s.l.log.Error("a stanza was skipped at which this process has died again and again",
		"from", head.From, "to", head.To, "id", head.ID, "bytes", len(f.Raw))
	return piece{s: head, answer: &stanza.Error{
		Type: "cancel", Condition: "internal-server-error",
		Text: "This gateway cannot handle this stanza. The failure is in its log.",
	}, done: head.Kind == 0}, nil
}
