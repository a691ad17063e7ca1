package bridgetest

import (
	"errors"
	"slices"
	"sync"
	"unicode/utf8"

	"causeway/bridges"
)

// store is what a gateway has on disk of what came: it outlives adapters.
type store struct {
	mu     sync.Mutex
	kept   []bridges.Delivery
	ids    map[string]bool        // of events that came, by account
	once   map[string]fingerprint // by bridges.Delivery.Once
	places map[uint64]uint64      // the last bridges.Delivery.Offset of a Stream
	faults []error                // that the contract does not allow
	news   chan struct{}          // closed with the next that is kept
	styles bool                   // texts have styling
}

// fingerprint is how an event without an id came.
type fingerprint struct {
	stream   uint64
	answered bool
}

func newStore() *store {
	return &store{
		ids: map[string]bool{}, once: map[string]fingerprint{}, places: map[uint64]uint64{}, news: make(chan struct{}),
	}
}

// keep keeps what did not come before, as a gateway does.
func (s *store) keep(ds []bridges.Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range ds {
		if err := check(d); err != nil {
			s.faults = append(s.faults, err)
		}
		if !s.repeated(d) {
			s.kept = append(s.kept, d)
		}
	}
	close(s.news)
	s.news = make(chan struct{})
}

// repeated tells whether an event came before, and notes it.
func (s *store) repeated(d bridges.Delivery) bool {
	if d.Offset != 0 {
		if d.Offset <= s.places[d.Stream] {
			return true
		}
		s.places[d.Stream] = d.Offset
	}
	if d.Once != "" {
		was, ok := s.once[d.Once]
		if ok && was.stream != d.Stream && !was.answered {
			return true
		}
		s.once[d.Once] = fingerprint{stream: d.Stream}
	}
	id := IDOf(d.Event)
	if id == "" {
		return false
	}
	key := string(d.Account) + "\x00" + string(id)
	was := s.ids[key]
	s.ids[key] = true
	return was
}

// answered is for bridges.Host.Answered.
func (s *store) answered(once []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range once {
		f := s.once[o]
		f.answered = true
		s.once[o] = f
	}
}

// IDOf is the network's own id of an event that has one, by which the gateway knows a
// repetition.
func IDOf(e bridges.Event) bridges.MessageID {
	switch e := e.(type) {
	case bridges.Message:
		return e.ID
	case bridges.Edit:
		return e.ID
	case bridges.Retraction:
		return e.ID
	}
	return ""
}

// check returns what is wrong with a delivery by itself.
func check(d bridges.Delivery) error {
	if d.Account == "" || d.Event == nil {
		return errors.New("a delivery without an account or an event")
	}
	m, ok := d.Event.(bridges.Message)
	switch {
	case !ok:
		return checkDone(d.Event)
	case m.Text == "" && m.File == nil || !utf8.ValidString(m.Text):
		return errors.New("a message with neither a text that is one nor a file")
	case m.From == "" || m.Chat == "":
		return errors.New("a message without an author or a chat")
	case m.ID == "" && d.Once == "":
		return errors.New("a message by which its repetition cannot be told: it has neither an ID nor a Once")
	case m.Key != "":
		return errors.New("an incoming message with a Key")
	}
	return nil
}

// texts returns the texts of a person to an account, in the order in which they
// were complete. assemble is nil where no parts come.
func (s *store) texts(account bridges.AccountID, from bridges.UserID, assemble func([]bridges.Part) bridges.Message) (texts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := map[string][]bridges.Part{}
	for _, d := range s.kept {
		if d.Account != account {
			continue
		}
		m, ok := d.Event.(bridges.Message)
		if p, part := d.Event.(bridges.Part); part && assemble != nil {
			all := open[p.Ref]
			if !slices.ContainsFunc(all, func(x bridges.Part) bool { return x.Number == p.Number }) {
				all = append(all, p)
			}
			if open[p.Ref] = all; len(all) < int(p.Total) {
				continue
			}
			delete(open, p.Ref)
			slices.SortFunc(all, func(a, b bridges.Part) int { return int(a.Number) - int(b.Number) })
			m, ok = assemble(all), true
		}
		if ok && m.From == from {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// changed returns what is closed with the next that is kept.
func (s *store) changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}
