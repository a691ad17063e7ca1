package sqlite

import (
	"slices"

	"causeway/mapping"
)

// keepScratch is the largest buffer for blobs that is kept.
const keepScratch = 1 << 20

// openCycle is what memory knows of a cycle in the journal.
type openCycle struct {
	records int
	left    int    // neither settled nor parked
	out     []byte // a bit for each record that is; nil: none
	stored  bool   // out has a row
}

func newOpenCycle(records int, marks []byte) *openCycle {
	c := &openCycle{records: records, left: records, out: marks, stored: marks != nil}
	for i := range records {
		if c.has(uint32(i)) {
			c.left--
		}
	}
	return c
}

// has tells whether a record is out.
func (c *openCycle) has(i uint32) bool {
	return int(i/8) < len(c.out) && c.out[i/8]&(1<<(i%8)) != 0
}

// take takes a record out. It tells whether it was in.
func (c *openCycle) take(i uint32) bool {
	if int64(i) >= int64(c.records) || c.has(i) {
		return false
	}
	if c.out == nil {
		c.out = make([]byte, (c.records+7)/8)
	}
	c.out[i/8] |= 1 << (i % 8)
	c.left--
	return true
}

func (c *openCycle) clone() *openCycle {
	d := *c
	d.out = slices.Clone(c.out)
	return &d
}

// sharedCycle is the row of all cycles of a bridge that a transaction accepts
// and that need not be alone: they are many, of a record or two.
type sharedCycle struct {
	id      uint64
	records []mapping.Record
}

func (t *tx) share(c *mapping.Cycle) {
	s := t.shared[c.Bridge]
	if s == nil {
		s = &sharedCycle{id: t.nextID()}
		t.shared[c.Bridge] = s
	}
	c.ID, c.Index = s.id, uint32(len(s.records))
	s.records = append(s.records, c.Records...)
}

func (t *tx) writeShared() error {
	for bridge, s := range t.shared {
		if err := t.insertCycle(s.id, bridge, s.records); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) nextID() uint64 {
	t.next++
	return t.next - 1
}

// insertCycle writes the blob of records, unless there are none.
func (t *tx) insertCycle(id uint64, bridge string, records []mapping.Record) error {
	if len(records) == 0 {
		return nil
	}
	if cap(t.store.scratch) > keepScratch {
		t.store.scratch = nil
	}
	t.store.scratch = appendCycle(t.store.scratch[:0], records, t.store.now())
	t.cycles[id] = newOpenCycle(len(records), nil)
	return exec(t.conn, "INSERT INTO cycles (id, bridge, records, data) VALUES (?, ?, ?, ?)",
		id, bridge, len(records), t.store.scratch)
}
