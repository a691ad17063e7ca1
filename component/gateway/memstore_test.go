package gateway

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// memStore is a store in memory, for tests that stop the gateway at a chosen
// point or move the clock. before and after run around each commit.
type memStore struct {
	mapping.Notes // nil: a gateway keeps none
	mu            sync.Mutex
	state         memState
	clean         bool
	before        func(b *mapping.Batch)
	after         func(b *mapping.Batch)
	commits       int

	// When disk is set, what is written behind reaches it with the next commit
	// only. dieAt is the commit with which the machine dies, before it is on
	// disk or after; then nothing is written any more.
	disk      *memState
	behind    []*mapping.Batch
	dieAt     int
	dieBefore bool
	dead      bool
	machine   context.Context // ends when it dies
	die       context.CancelFunc
}

type memState struct {
	next        uint64
	records     map[mapping.Key]mapping.Record
	parked      map[mapping.Key]mapping.Parked
	accounts    map[bridges.AccountID]mapping.Account
	contacts    map[string]mapping.Contact
	messages    map[bridges.MessageID]mapping.Message
	sent        []mapping.Sent
	once        map[string]mapping.Once
	released    map[bridges.UserID]release
	quarantined []mapping.Quarantined
	offsets     map[uint64]uint64
	switches    map[string]string
}

// release says who gave an identity back, and when.
type release struct {
	by bridges.AccountID
	at time.Time
}

func newMemStore() *memStore {
	return &memStore{clean: true, state: memState{
		records: map[mapping.Key]mapping.Record{}, parked: map[mapping.Key]mapping.Parked{},
		accounts: map[bridges.AccountID]mapping.Account{}, contacts: map[string]mapping.Contact{},
		messages: map[bridges.MessageID]mapping.Message{}, once: map[string]mapping.Once{},
		released: map[bridges.UserID]release{}, offsets: map[uint64]uint64{}, switches: map[string]string{},
	}}
}

// crash returns what a successor finds after a kill at this moment.
func (m *memStore) crash() *memStore {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.state
	if m.disk != nil {
		s = *m.disk
	}
	return &memStore{state: s.clone()}
}

func (s memState) clone() memState {
	s.records, s.parked, s.accounts = maps.Clone(s.records), maps.Clone(s.parked), maps.Clone(s.accounts)
	s.contacts, s.messages, s.once = maps.Clone(s.contacts), maps.Clone(s.messages), maps.Clone(s.once)
	s.released, s.offsets = maps.Clone(s.released), maps.Clone(s.offsets)
	s.switches = maps.Clone(s.switches)
	s.sent, s.quarantined = slices.Clone(s.sent), slices.Clone(s.quarantined)
	return s
}

// lazy makes m lose in a crash what is written behind and not yet committed.
func (m *memStore) lazy() {
	disk := m.state.clone()
	m.disk = &disk
	m.machine, m.die = context.WithCancel(context.Background())
}

// sync brings what is behind, and b, to the disk.
func (m *memStore) sync(b *mapping.Batch) {
	for _, x := range append(m.behind, b) {
		if m.disk != nil {
			_ = m.disk.apply(x)
		}
		if x.Done != nil {
			x.Done()
		}
	}
	m.behind = nil
}

func contactKey(a bridges.AccountID, id bridges.ChatID) string { return string(a) + " " + string(id) }

func (m *memStore) Commit(ctx context.Context, b *mapping.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	m.commits++
	m.dead = m.dead || m.commits == m.dieAt && m.dieBefore
	if m.dead {
		m.die()
		m.mu.Unlock()
		<-ctx.Done() // a dead machine does not answer
		return ctx.Err()
	}
	if m.before != nil {
		m.before(b)
	}
	err := m.state.apply(b)
	if err == nil {
		m.sync(b)
	}
	if m.commits == m.dieAt {
		m.dead = true
		m.die()
	}
	f := m.after
	m.mu.Unlock()
	if f != nil && err == nil {
		f(b)
	}
	return err
}

func (m *memStore) Behind(b *mapping.Batch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.dead:
		return
	case m.disk != nil:
		m.behind = append(m.behind, b)
	}
	_ = m.state.apply(b)
	if m.disk == nil && b.Done != nil {
		b.Done()
	}
}

func (s *memState) apply(b *mapping.Batch) error {
	for _, a := range b.PutAccounts {
		for _, o := range s.accounts {
			if o.Self == a.Self && o.ID != a.ID {
				return mapping.ErrTaken
			}
		}
	}
	for _, c := range b.Cycles {
		s.next++
		c.ID = s.next
		for i, r := range c.Records {
			r.At = time.Now()
			s.records[c.Key(i)] = r
		}
		if c.Conn != 0 {
			s.offsets[c.Conn] = max(s.offsets[c.Conn], c.Last)
		}
	}
	for _, p := range b.Park {
		delete(s.records, p.Key)
		s.parked[p.Key] = p
	}
	for _, k := range b.Settle {
		delete(s.records, k)
		delete(s.parked, k)
	}
	s.applyPeople(b)
	for _, x := range b.PutMessages {
		s.messages[x.ID] = x
	}
	s.sent = append(s.sent, b.PutSent...)
	for _, o := range b.PutOnce {
		s.once[o.Fingerprint] = o
	}
	for _, o := range b.DeleteOnce {
		delete(s.once, o.Fingerprint)
	}
	s.quarantined = append(s.quarantined, b.Quarantine...)
	s.applySwitches(b)
	return nil
}

func compareKeys(a, b mapping.Key) int {
	return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), cmp.Compare(a.Index, b.Index))
}

func (m *memStore) Replay(_ context.Context, _ string, f func(mapping.Key, mapping.Record) error) error {
	m.mu.Lock()
	records := maps.Clone(m.state.records)
	m.mu.Unlock()
	for _, k := range slices.SortedFunc(maps.Keys(records), compareKeys) {
		if err := f(k, records[k]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memStore) Waiting(_ context.Context, _, conversation string, limit int) ([]mapping.Parked, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []mapping.Parked
	for _, k := range slices.SortedFunc(maps.Keys(m.state.parked), compareKeys) {
		if p := m.state.parked[k]; p.Conversation == conversation && len(out) < limit {
			out = append(out, p)
		}
	}
	return out, nil
}

func (m *memStore) Backlogs(_ context.Context, _ string, f func(bridges.AccountID, string, int) error) error {
	m.mu.Lock()
	n, owner := map[string]int{}, map[string]bridges.AccountID{}
	for _, p := range m.state.parked {
		n[p.Conversation]++
		owner[p.Conversation] = p.Account
	}
	m.mu.Unlock()
	for c, k := range n {
		if err := f(owner[c], c, k); err != nil {
			return err
		}
	}
	return nil
}

func (m *memStore) Clean() bool { return m.clean }

func (m *memStore) LastOffset(_ context.Context, _ string, conn uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.offsets[conn], nil
}

func (m *memStore) IsParked(_ context.Context, k mapping.Key) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.state.parked[k]
	return ok, nil
}

func (m *memStore) MessageByID(_ context.Context, _ string, id bridges.MessageID) (mapping.Message, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, ok := m.state.messages[id]
	return x, ok, nil
}

func (m *memStore) Parts(_ context.Context, _ string, a bridges.AccountID, chat bridges.ChatID, stanza string) ([]mapping.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []mapping.Message
	for _, x := range m.state.messages {
		if x.Account == a && x.Chat == chat && x.Stanza == stanza {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b mapping.Message) int { return cmp.Compare(a.Part, b.Part) })
	return out, nil
}

func (m *memStore) RecentSent(_ context.Context, _ string, since time.Time, f func(mapping.Sent) error) error {
	m.mu.Lock()
	sent := slices.Clone(m.state.sent)
	m.mu.Unlock()
	for _, s := range sent {
		if s.At.After(since) {
			if err := f(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memStore) RecentOnce(_ context.Context, _ string, _ time.Time, f func(mapping.Once) error) error {
	for _, o := range m.state.once {
		if err := f(o); err != nil {
			return err
		}
	}
	return nil
}

func (m *memStore) Quarantined(_ context.Context, f func(mapping.Quarantined) error) error {
	m.mu.Lock()
	all := slices.Clone(m.state.quarantined)
	m.mu.Unlock()
	for _, q := range all {
		if err := f(q); err != nil {
			return err
		}
	}
	return nil
}

func (m *memStore) Close() error { return nil }
