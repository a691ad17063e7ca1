package sqlite

import "slices"

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
