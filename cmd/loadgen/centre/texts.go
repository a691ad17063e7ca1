package centre

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
	"unicode/utf16"

	"causeway/cmd/loadgen/load"
)

// assembly is a text of which not all parts have come, or a tracked one.
type assembly struct {
	conversation string
	total        int
	have         [4]uint64
	first        []byte
}

// delivery is a deliver_sm that the client has not answered.
type delivery struct {
	body []byte
	own  bool // a text of ours, not a receipt
}

// accepted books a submit_sm: the id that it gets, or the status to refuse it.
func (c *Centre) accepted(t text) (id string, status uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if status := cmp.Or(c.refusal, c.config.Stuck[string(t.dest)]); status != 0 {
		c.stats.Refused++
		return "", status
	}
	c.lastID++
	id = messageID(c.lastID)
	c.book(t, id)
	return id, 0
}

// book enters a text, or a part of one, that has that id. The caller holds the
// lock.
func (c *Centre) book(t text, id string) {
	c.stats.Submits++
	conversation := slices.Concat(t.source, []byte(">"), t.dest)
	if body, complete := c.assemble(conversation, t, id); complete {
		if n, ok := load.Number(body); ok {
			c.Texts.Add(conversation, n)
		} else {
			c.stats.Unreadable++
		}
	}
}

// Place returns the conversation and the number of the text that an id was
// given to, with Config.Track. False: there is none, or of a text in parts the
// first has not come.
func (c *Centre) Place(id string) (conversation string, number uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.tracked[id]
	if a == nil {
		return "", 0, false
	}
	number, ok = load.Number(a.first)
	return a.conversation, number, ok
}

// assemble returns the start of a text when all of its parts are there.
func (c *Centre) assemble(conversation []byte, t text, id string) (body []byte, complete bool) {
	ref, total, part, rest := concatenation(t)
	if total <= 1 {
		body := plain(rest, t.coding)
		if c.config.Track {
			c.tracked[id] = &assembly{conversation: string(conversation), first: body}
		}
		return body, true
	}
	key := string(conversation) + "#" + string(ref)
	a := c.parts[key]
	if a == nil {
		a = &assembly{conversation: string(conversation), total: total}
		c.parts[key] = a
	}
	if c.config.Track {
		c.tracked[id] = a
	}
	if a.have[part/64]&(1<<(part%64)) != 0 {
		c.stats.Repeated++
	}
	a.have[part/64] |= 1 << (part % 64)
	if part == 1 {
		a.first = plain(rest, t.coding)
	}
	n := 0
	for _, word := range a.have {
		n += bits.OnesCount64(word)
	}
	if n < a.total {
		return nil, false
	}
	delete(c.parts, key)
	return a.first, true
}

// Incomplete is a text of which parts are missing.
type Incomplete struct {
	Conversation string
	Number       uint64
	Known        bool // the first part, with the number, is there
}

// Incomplete returns the texts of which parts are missing.
func (c *Centre) Incomplete() []Incomplete {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Incomplete
	for _, a := range c.parts {
		n, ok := load.Number(a.first)
		all = append(all, Incomplete{a.conversation, n, ok})
	}
	return all
}

// concatenation reads the user data header (3GPP TS 23.040, 9.2.3.24.1, .8).
func concatenation(t text) (ref []byte, total, part int, rest []byte) {
	m := t.message
	if t.esmClass&udhi == 0 || len(m) == 0 || len(m) < int(m[0])+1 {
		return nil, 1, 1, m
	}
	header, rest := m[1:m[0]+1], m[m[0]+1:]
	for len(header) >= 2 && len(header) >= int(header[1])+2 {
		value := header[2 : header[1]+2]
		switch {
		case header[0] == 0x00 && len(value) == 3:
			return value[:1], int(value[1]), int(value[2]), rest
		case header[0] == 0x08 && len(value) == 4:
			return value[:2], int(value[2]), int(value[3]), rest
		}
		header = header[header[1]+2:]
	}
	return nil, 1, 1, rest
}

// plain decodes UCS-2; in the default alphabet what matters here is ASCII.
func plain(b []byte, coding byte) []byte {
	if coding != 8 {
		return slices.Clone(b)
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return []byte(string(utf16.Decode(units)))
}

// receipt sends the delivery receipt of a text, after the delay.
func (c *Centre) receipt(source, dest, id string) {
	delivered := !c.config.Dead[dest]
	state := byte(2)
	if !delivered {
		state = 5
	}
	body := appendDeliver(nil, dest, source, 4, receiptText(id, delivered))
	body = appendTLV(body, tagReceiptedID, append([]byte(id), 0))
	body = appendTLV(body, tagMessageState, []byte{state})
	d := &delivery{body: body}
	if c.config.Delay == 0 {
		c.deliver(d, false)
		return
	}
	time.AfterFunc(c.config.Delay, func() { c.deliver(d, true) })
}

// deliver keeps d until it is answered and sends it if a client is bound.
func (c *Centre) deliver(d *delivery, flush bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	c.pending[c.lastID] = d
	if c.bound == nil {
		return
	}
	c.bound.deliver(c.lastID, d.body)
	if flush {
		c.bound.flush()
	}
}

// takes makes s the session for deliveries, and sends again what a former one
// has not answered, in its order.
func (c *Centre) takes(s taker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Binds++
	c.bound = s
	ids := make([]uint64, 0, len(c.pending))
	for id := range c.pending {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		s.deliver(id, c.pending[id].body)
	}
	c.stats.Redelivery += len(ids)
	c.free.Broadcast()
}

func (c *Centre) answered(id uint64, status uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.pending[id]
	if d == nil {
		return
	}
	delete(c.pending, id)
	switch {
	case status != 0:
		c.stats.Rejected++
	case d.own:
		c.stats.Moved++
	default:
		c.stats.Receipts++
	}
	c.free.Signal()
}
