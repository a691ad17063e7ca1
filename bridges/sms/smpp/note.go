package smpp

import (
	"encoding/binary"

	"causeway/bridges/takeover"
)

// Names at the keeper. That of the note ends in the version of its format.
const (
	connName = "bind"
	noteName = "note/2"
)

const (
	maxBatch = maxPDU  // octets of one write
	ringSize = 1 << 20 // octets that came and are still needed
	maxNoted = 4096    // submits
)

// note is what outlives the process: all that a successor needs to go on with
// the bind, and what became of submits. It is one area of the keeper.
type note struct {
	seen       *takeover.Slot // not empty once a process has had the area
	bind       *takeover.Slot // bindRecord
	write      *takeover.Slot // writeRecord
	reading    *takeover.Slot // trialRecord of the PDUs that are being read
	delivering *takeover.Slot // trialRecord of the messages that the handler reads
	poison     *takeover.Slot // poisonRecord
	ring       *takeover.Ring // the octets that came
	submits    []*takeover.Slot

	// remembers tells whether a predecessor had the area.
	remembers bool
}

// singles are the sizes of the first slots in the area.
var singles = [...]int{1, bindSize, writeHead + maxBatch, trialSize, trialSize, maxPoisonSize}

func noteSize() int {
	size := takeover.RingSize(ringSize) + maxNoted*takeover.SlotSize(maxSubmitSize)
	for _, n := range singles {
		size += takeover.SlotSize(n)
	}
	return size
}

// openNote gives the note of a predecessor, or an empty one.
func openNote(k takeover.Keeper) (*note, error) {
	area, err := k.Area(noteName, noteSize())
	if err != nil {
		return nil, err
	}
	cut := func(n int) (piece []byte) {
		piece, area = area[:n:n], area[n:]
		return piece
	}
	var slots [len(singles)]*takeover.Slot
	for i, n := range singles {
		slots[i] = takeover.NewSlot(cut(takeover.SlotSize(n)))
	}
	n := &note{
		seen: slots[0], bind: slots[1], write: slots[2], reading: slots[3], delivering: slots[4], poison: slots[5],
		ring: takeover.NewRing(cut(takeover.RingSize(ringSize))), submits: takeover.Slots(area, maxSubmitSize),
	}
	n.remembers = n.seen.Get() != nil
	n.seen.Set([]byte{1})
	return n, nil
}

// unbound notes that there is no bind to go on with.
func (n *note) unbound() { n.bind.Clear() }

// bound notes a new bind of which read octets were consumed and sent written.
func (n *note) bound(b bindRecord, read, sent uint64, sequence uint32) {
	n.reading.Clear()
	n.delivering.Clear()
	n.poison.Clear()
	n.ring.Reset(read)
	w := writeRecord{stream: b.stream, offset: sent, sequence: sequence}
	n.write.Set(w.head())
	n.bind.Set(b.encode())
}

// bindRecord is a bind: its number, and what the kernel counted before it.
type bindRecord struct{ stream, read, written uint64 }

const bindSize = 3 * 8

func (r *bindRecord) encode() []byte { return words(nil, r.stream, r.read, r.written) }

func decodeBind(b []byte) (r bindRecord, ok bool) {
	if len(b) != bindSize {
		return r, false
	}
	return bindRecord{takeWord(&b), takeWord(&b), takeWord(&b)}, true
}

// writeRecord is the last batch that was handed to the kernel, or is about to
// be.
type writeRecord struct {
	stream     uint64
	offset     uint64 // of the batch, in the stream of octets that we write
	answeredTo uint64 // place behind the last message whose answer is in the batch or before
	repliedTo  uint64 // the same of all other PDUs that have an answer
	sequence   uint32 // no higher one was used
	parted     bool   // an unbind is in the batch or before
	batch      []byte
}

const writeHead = 4*8 + 4 + 1

func (r *writeRecord) head() []byte {
	b := words(make([]byte, 0, writeHead), r.stream, r.offset, r.answeredTo, r.repliedTo)
	b = binary.LittleEndian.AppendUint32(b, r.sequence)
	return append(b, flag(r.parted))
}

func decodeWrite(b []byte) (r writeRecord, ok bool) {
	if len(b) < writeHead {
		return r, false
	}
	r.stream, r.offset, r.answeredTo, r.repliedTo = takeWord(&b), takeWord(&b), takeWord(&b), takeWord(&b)
	r.sequence, r.parted, r.batch = binary.LittleEndian.Uint32(b)%(maxSeq+1), b[4] != 0, b[5:]
	return r, true
}

func words(b []byte, all ...uint64) []byte {
	for _, w := range all {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

func takeWord(b *[]byte) uint64 {
	w := binary.LittleEndian.Uint64(*b)
	*b = (*b)[8:]
	return w
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
