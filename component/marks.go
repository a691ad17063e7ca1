package component

import "encoding/binary"

// The sizes of what is noted, in bytes.
const (
	readHead     = 20
	writeHead    = 25
	answeredSize = 16
	maxState     = 24 << 10 // of a framer, with the head of a stanza that it skips
	maxExtra     = 8 << 10  // pings and farewell behind a batch
)

var order = binary.LittleEndian

// readMark is how far the reader came: all before offset is journalled or
// handled. It is set before the bytes are consumed from the socket. Offsets
// count from the first byte of the connection, so they compare with what the
// kernel has counted.
type readMark struct {
	conn   uint64
	offset uint64 // bytes of the stream read so far
	framer []byte // state of the framer: stanza.Framer.State
	tail   []byte // the unfinished stanza
}

func (n *note) setRead(m readMark) {
	var h [readHead]byte
	order.PutUint64(h[0:], m.conn)
	order.PutUint64(h[8:], m.offset)
	order.PutUint32(h[16:], uint32(len(m.framer)))
	n.read.Set(h[:], m.framer, m.tail)
}

// decode reads a mark; false: it is none.
func (m *readMark) decode(b []byte) bool {
	if len(b) < readHead {
		return false
	}
	rest := b[readHead:]
	size := order.Uint32(b[16:])
	if uint64(size) > uint64(len(rest)) {
		return false
	}
	*m = readMark{conn: order.Uint64(b), offset: order.Uint64(b[8:]), framer: rest[:size], tail: rest[size:]}
	return m.conn != 0
}

// writeMark is how far the writer came: batch is written next, at offset.
type writeMark struct {
	conn uint64
	// base is what the kernel had counted as written when the connection was
	// new (it counts the SYN).
	base   uint64
	offset uint64 // of the first byte of batch
	// closed tells that the batch ends the stream: there is nothing to adopt.
	closed bool
	batch  []byte
}

func (n *note) setWrite(m writeMark) {
	var h [writeHead]byte
	order.PutUint64(h[0:], m.conn)
	order.PutUint64(h[8:], m.base)
	order.PutUint64(h[16:], m.offset)
	if m.closed {
		h[24] = 1
	}
	n.write.Set(h[:], m.batch)
}

// decode reads a mark; false: it is none.
func (m *writeMark) decode(b []byte) bool {
	if len(b) < writeHead || b[24] > 1 {
		return false
	}
	*m = writeMark{
		conn: order.Uint64(b), base: order.Uint64(b[8:]), offset: order.Uint64(b[16:]),
		closed: b[24] == 1, batch: b[writeHead:],
	}
	return m.conn != 0
}

// setAnswered notes that the server has all that was written before offset.
func (n *note) setAnswered(conn, offset uint64) {
	var b [answeredSize]byte
	order.PutUint64(b[0:], conn)
	order.PutUint64(b[8:], offset)
	n.answered.Set(b[:])
}

func decodeAnswered(b []byte) (conn, offset uint64, ok bool) {
	if len(b) != answeredSize {
		return 0, 0, false
	}
	return order.Uint64(b), order.Uint64(b[8:]), true
}
