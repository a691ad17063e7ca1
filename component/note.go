package component

import (
	"errors"

	"causeway/bridges/takeover"
)

// connName is the name of the connection that a Keeper holds.
const connName = "link"

// The areas of the note. A name ends with the version of its format.
const (
	areaRead     = "link/1/read"
	areaWrite    = "link/1/write"
	areaAnswered = "link/1/answered"
	areaPending  = "link/1/pending"
	areaTrial    = "link/1/trial"
	areaServer   = "link/1/server"
)

// maxAddress bounds Config.Address in the note: a longer one is never adopted.
const maxAddress = 512

// note is what outlives the worker: how far reader and writer of a link came.
// It is in areas of the Keeper, so a store to it is seen by a successor at
// once, and never fails. Each part is written by one goroutine: read, answered
// and trial by the reader, write by the writer; pending under the lock of the
// outbox.
type note struct {
	read, write, answered, trial *takeover.Slot
	server                       *takeover.Slot // the address of the connection
	pending                      *takeover.Ring
}

// openNote returns the note in the areas of k. maxStanza bounds a stanza.
func openNote(k takeover.Keeper, maxStanza int) (*note, error) {
	n := &note{}
	var failed error
	area := func(name string, size int) []byte {
		a, err := k.Area(name, size)
		if failed = errors.Join(failed, err); err != nil {
			return make([]byte, size)
		}
		return a
	}
	slot := func(name string, max int) *takeover.Slot {
		return takeover.NewSlot(area(name, takeover.SlotSize(max)))
	}
	n.read = slot(areaRead, readHead+maxState+maxStanza+peekSize)
	n.write = slot(areaWrite, writeHead+batchSize+maxStanza+maxExtra)
	n.answered = slot(areaAnswered, answeredSize)
	n.trial = slot(areaTrial, trialSize)
	n.server = slot(areaServer, maxAddress)
	n.pending = takeover.NewRing(area(areaPending, takeover.RingSize(ringEntries*entrySize)))
	return n, failed
}

// clear forgets the connection: a new one begins, to this address.
func (n *note) clear(server string) {
	n.write.Clear()
	n.read.Clear()
	n.server.Set([]byte(server[:min(len(server), maxAddress)]))
}

// marks are what a predecessor noted of a connection that may live on.
type marks struct {
	r readMark
	w writeMark
}

// errNote says that a mark cannot be read. Nothing of it is used then.
const errNote Error = "component: the note of the predecessor cannot be read"

// errElsewhere says that the configuration has another address now.
const errElsewhere Error = "component: the predecessor was connected to another address"

// left returns what a predecessor noted: its marks, nil when it left no
// connection to this address, and the stanzas that must not be written again.
func (n *note) left(server string) (*marks, []pending, error) {
	all, ok := decodePending(n.pending)
	m := &marks{}
	r, w, a := n.read.Get(), n.write.Get(), n.answered.Get()
	if !ok || r != nil && !m.r.decode(r) || w != nil && !m.w.decode(w) {
		return nil, nil, errNote
	}
	var answered uint64
	if conn, offset, ok := decodeAnswered(a); ok && conn == m.w.conn {
		answered = offset
	}
	written := m.w.offset + uint64(len(m.w.batch))
	if r == nil || w == nil || m.r.conn != m.w.conn || m.w.closed {
		m, written = nil, 0
	}
	var elsewhere error
	if m != nil && string(n.server.Get()) != server {
		m, written, elsewhere = nil, 0, errElsewhere
	}
	list := survivors(all, answered, written)
	if len(list) > maxPending {
		return nil, nil, errNote
	}
	return m, list, elsewhere
}
