package component

// Note is what outlives the worker: how far reader and writer of a link came.
// The keeper holds it in memory of its own; without one it is plain memory
// (MemoryNote). A method returns when a successor would see the change; none
// of them blocks or fails. The reader and the writer of a link each use their
// own methods, from one goroutine each. A Note copies what it is given.
type Note interface {
	// Read says that all before m.Offset is journalled or handled. It is called
	// before the bytes are consumed from the socket.
	Read(m ReadMark)
	// Write says that batch is about to be written at m.Offset, and what of
	// everything written is not settled.
	Write(m WriteMark)
	// Marks returns what a predecessor noted for a connection that lives on;
	// ok is false when there is none and the link has to connect.
	Marks() (r ReadMark, w WriteMark, ok bool)
	// Reset forgets the marks: a new connection with this number begins.
	Reset(conn uint64)
}

// ReadMark is how far the reader came. Offsets count from the first byte of
// the connection, so they compare with what the kernel has counted.
type ReadMark struct {
	Conn   uint64
	Offset uint64 // bytes of the stream read so far
	Framer []byte // state of the framer: stanza.Framer.State
	Tail   []byte // the unfinished stanza
}

// WriteMark is how far the writer came.
type WriteMark struct {
	Conn uint64
	// Base is what the kernel had counted as written when the connection was
	// new (it counts the SYN).
	Base    uint64
	Offset  uint64 // of the first byte of Batch
	Batch   []byte // the bytes that are written next
	Pending []Pending
	// Closed tells that the batch ends the stream: there is nothing to adopt.
	Closed bool
}

// Pending is a stanza that is written and not settled.
type Pending struct {
	Key Key
	End uint64 // offset behind its last byte
}
