package sqlite

import (
	"maps"
	"slices"

	"zombiezen.com/go/sqlite"

	"causeway/mapping"
)

// keyBlock is how many keys are reserved on disk at once.
const keyBlock = 1 << 16

// tx is one transaction. What it changes in memory it keeps to itself until
// it is committed.
type tx struct {
	conn     *sqlite.Conn
	store    *Store
	cycles   map[uint64]*openCycle
	offsets  map[link]uint64
	sent     []sentRow
	shared   map[string]*sharedCycle
	messages []entry         // new rows
	ids      map[int64]int64 // of them, by idHash
	dropped  []int64         // rows deleted
	indexed  bool            // the old of fresh are on disk
	next     uint64          // Key.Cycle of the next cycle
	reserved uint64          // keys below are reserved on disk
}

// link names a connection.
type link struct {
	bridge string
	conn   uint64
}

func newTx(s *Store) *tx {
	return &tx{
		conn: s.conn, store: s, next: s.next, reserved: s.reserved,
		cycles: map[uint64]*openCycle{}, offsets: map[link]uint64{}, ids: map[int64]int64{},
		shared: map[string]*sharedCycle{},
	}
}

// cycle returns the state of a cycle to be changed; nil if it is gone.
func (t *tx) cycle(id uint64) *openCycle {
	if c, ok := t.cycles[id]; ok {
		return c
	}
	c, ok := t.store.open[id]
	if !ok {
		return nil
	}
	c = c.clone()
	t.cycles[id] = c
	return c
}

func (t *tx) run(r *request) error {
	if r.step != nil {
		return r.step(t)
	}
	return t.apply(r.batch)
}

// apply writes a batch. Accounts come first: they alone can be refused.
func (t *tx) apply(b *mapping.Batch) error {
	for _, f := range []func(*mapping.Batch) error{
		t.putAccounts, t.appendCycles, t.park, t.settle, t.people, t.putMessages, t.books, t.putSwitches, t.putNotes,
	} {
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) appendCycles(b *mapping.Batch) error {
	for _, c := range b.Cycles {
		if l := (link{c.Bridge, c.Conn}); c.Conn != 0 {
			t.offsets[l] = max(t.offsets[l], c.Last)
		}
		if !c.Alone {
			t.share(c)
			continue
		}
		c.ID, c.Index = t.nextID(), 0
		if err := t.insertCycle(c.ID, c.Bridge, c.Records); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) park(b *mapping.Batch) error {
	for i := range b.Park {
		p := &b.Park[i]
		if c := t.cycle(p.Key.Cycle); c != nil {
			c.take(p.Key.Index)
		}
		err := exec(t.conn, `INSERT OR REPLACE INTO parked
			(cycle, idx, bridge, account, conversation, next, expires, attempts, doubt, kind, data)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.Key.Cycle, int(p.Key.Index), p.Bridge, string(p.Account), p.Conversation,
			p.Next, p.Expires, p.Attempts, p.Doubt, int(p.Record.Kind), p.Record.Data)
		if err != nil {
			return err
		}
	}
	return nil
}

// settle marks records. One that was in its cycle has no row in parked.
func (t *tx) settle(b *mapping.Batch) error {
	for _, k := range b.Settle {
		if c := t.cycle(k.Cycle); c != nil && c.take(k.Index) {
			continue
		}
		err := exec(t.conn, "DELETE FROM parked WHERE cycle = ? AND idx = ?", k.Cycle, int(k.Index))
		if err != nil {
			return err
		}
	}
	return nil
}

// putOffset never takes a place back. Places are unsigned: those that are
// negative on disk are the highest.
const putOffset = `INSERT INTO offsets (bridge, conn, last, at) VALUES (?, ?, ?, ?)
	ON CONFLICT DO UPDATE SET at = excluded.at, last = CASE
		WHEN (last < 0) = (excluded.last < 0) THEN max(last, excluded.last)
		ELSE min(last, excluded.last) END`

// finish writes what is written once a transaction.
func (t *tx) finish() error {
	if err := t.writeShared(); err != nil {
		return err
	}
	if err := t.writeMarks(); err != nil {
		return err
	}
	if err := t.writeSent(); err != nil {
		return err
	}
	now := t.store.now()
	for l, last := range t.offsets {
		err := exec(t.conn, putOffset, l.bridge, l.conn, last, now)
		if err != nil {
			return err
		}
	}
	if t.next <= t.reserved {
		return nil
	}
	t.reserved = t.next + keyBlock
	return exec(t.conn, "INSERT OR REPLACE INTO state (name, value) VALUES ('keys', ?)", t.reserved)
}

// writeMarks writes what left its cycle, a row a cycle, and deletes the cycles
// that have nothing left.
func (t *tx) writeMarks() error {
	for _, id := range slices.Sorted(maps.Keys(t.cycles)) {
		c := t.cycles[id]
		if err := t.writeCycle(id, c); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeCycle(id uint64, c *openCycle) error {
	if c.left > 0 {
		if c.out == nil {
			return nil
		}
		c.stored = true
		return exec(t.conn, "INSERT OR REPLACE INTO settled (cycle, marks) VALUES (?, ?)", id, c.out)
	}
	if c.stored {
		if err := exec(t.conn, "DELETE FROM settled WHERE cycle = ?", id); err != nil {
			return err
		}
	}
	return exec(t.conn, "DELETE FROM cycles WHERE id = ?", id)
}

// committed makes the changes known.
func (t *tx) committed() {
	s := t.store
	s.next, s.reserved = t.next, t.reserved
	s.lastMessage += int64(len(t.messages))
	s.fresh.update(t.messages, t.dropped)
	if t.indexed {
		s.fresh.written()
	}
	for id, c := range t.cycles {
		if c.left > 0 {
			s.open[id] = c
		} else {
			delete(s.open, id)
		}
	}
}
