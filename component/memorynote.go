package component

import (
	"slices"
	"sync"
)

var _ Note = (*MemoryNote)(nil)

// MemoryNote is a Note in plain memory: it outlives a Link, not the process.
// The zero value is ready to use.
type MemoryNote struct {
	mu            sync.Mutex
	conn          uint64
	read          ReadMark
	write         WriteMark
	isRead, isOut bool
}

// Read keeps a copy of m.
func (n *MemoryNote) Read(m ReadMark) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m.Framer = append(n.read.Framer[:0], m.Framer...)
	m.Tail = append(n.read.Tail[:0], m.Tail...)
	n.read, n.isRead = m, true
}

// Write keeps a copy of m.
func (n *MemoryNote) Write(m WriteMark) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m.Batch = append(n.write.Batch[:0], m.Batch...)
	m.Pending = append(n.write.Pending[:0], m.Pending...)
	n.write, n.isOut = m, true
}

// Marks returns copies of the last marks; ok is true when both are there, are
// of one connection, and its stream was not ended.
func (n *MemoryNote) Marks() (ReadMark, WriteMark, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r, w := n.read, n.write
	r.Framer, r.Tail = slices.Clone(r.Framer), slices.Clone(r.Tail)
	w.Batch, w.Pending = slices.Clone(w.Batch), slices.Clone(w.Pending)
	ok := n.isRead && n.isOut && r.Conn == n.conn && w.Conn == n.conn && !w.Closed
	return r, w, ok
}

// Reset forgets the marks.
func (n *MemoryNote) Reset(conn uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conn, n.isRead, n.isOut = conn, false, false
}
