package component

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"causeway/component/componenttest"
	"causeway/component/stanza"
)

const (
	testDomain = "sms.example.org"
	testSecret = "test"
	patience   = componenttest.Patience
)

// event is what a Handler was told.
type event struct {
	what  string // up, stanza, settled, down
	s     *stanza.Stanza
	key   Key
	keys  []Key
	err   error
	fresh bool
}

// recorder is a Handler whose calls a test takes one by one.
type recorder struct {
	t      testing.TB
	events chan event
	handle func(*stanza.Stanza, Key)
	late   chan func() // gets what is to be called when a settlement is on disk; nil: that is at once
}

func newRecorder(t testing.TB) *recorder {
	return &recorder{t: t, events: make(chan event, 20000)}
}

func (r *recorder) Up(fresh bool) { r.events <- event{what: "up", fresh: fresh} }
func (r *recorder) Handle(s *stanza.Stanza, k Key) {
	if r.handle != nil {
		r.handle(s, k)
	}
	r.events <- event{what: "stanza", s: s, key: k}
}

func (r *recorder) Settled(keys []Key, done func()) {
	if r.late == nil {
		done()
	} else {
		r.late <- done
	}
	r.events <- event{what: "settled", keys: keys}
}
func (r *recorder) Down(err error) { r.events <- event{what: "down", err: err} }

func (r *recorder) next() event {
	r.t.Helper()
	select {
	case e := <-r.events:
		return e
	case <-time.After(patience):
		r.t.Fatal("the handler hears nothing")
		return event{}
	}
}

// want takes the next event, which must be of that kind.
func (r *recorder) want(what string) event {
	r.t.Helper()
	e := r.next()
	if e.what != what {
		r.t.Fatalf("got %+v, want %s", e, what)
	}
	return e
}

// memory is a Journal in memory.
type memory struct {
	mu      sync.Mutex
	cycles  []*Cycle
	block   chan struct{} // Append waits for it when not nil
	blocked chan struct{} // told when one waits
	fails   int           // how often Append fails from now on
}

func (m *memory) Append(ctx context.Context, c *Cycle) (uint64, error) {
	m.mu.Lock()
	block := m.block
	m.mu.Unlock()
	if block != nil {
		select {
		case m.blocked <- struct{}{}:
		default:
		}
		select {
		case <-block:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails > 0 {
		m.fails--
		return 0, errors.New("disk full")
	}
	m.cycles = append(m.cycles, c)
	return uint64(len(m.cycles)), nil
}

func (m *memory) Last(_ context.Context, conn uint64) (last uint64, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.cycles {
		if c.Conn == conn {
			last = max(last, c.Last)
		}
	}
	return last, nil
}

// all returns the cycles so far.
func (m *memory) all() []*Cycle {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.cycles)
}

// stanzas returns the ids of all that is journalled, in order.
func (m *memory) stanzas() (ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.cycles {
		for _, s := range c.Stanzas {
			ids = append(ids, s.ID)
		}
	}
	return ids
}
