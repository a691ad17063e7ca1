package smpp

import (
	"crypto/sha256"
	"encoding/binary"
)

// Ticket names a submit for as long as it is of interest: until Settled.
type Ticket struct {
	Key  string // of the message
	Part byte   // of the message, from 0
	Mark byte   // what the parts have in common, for the next attempt; see Progress
}

// digest stands for a Key: the key itself with its length, as those of the
// gateway are, or a hash of one that is longer than there is room.
type digest [16]byte

const hashed = 0x80 // in the last byte, in the place of a length

func digestOf(key string) (d digest) {
	if last := len(d) - 1; len(key) <= last {
		copy(d[:], key)
		d[last] = byte(len(key))
		return d
	}
	sum := sha256.Sum256([]byte(key))
	d = digest(sum[:])
	d[len(d)-1] |= hashed
	return d
}

// state is what is known of a submit.
type state byte

const (
	reserved state = iota // somebody is about to send it; never in the note
	open                  // queued, and not answered
	answered              // taken, or refused for good
	lost                  // the bind ended before an answer
)

// submitRecord is a submit in the note.
type submitRecord struct {
	serial   uint64 // counts submits: a lower one is older
	stream   uint64 // of the bind that it was queued on
	end      uint64 // offset behind its last octet
	sequence uint32
	status   Status
	state    state
	part     byte
	mark     byte
	key      digest
	id       string
}

const (
	submitHead = 3*8 + 2*4 + 3 + len(digest{})
	// maxID is how much of a message_id is noted. The specification has 64
	// octets (5.2.23).
	maxID         = 128
	maxSubmitSize = submitHead + maxID
)

func (r *submitRecord) append(b []byte) []byte {
	b = words(b, r.serial, r.stream, r.end)
	b = binary.LittleEndian.AppendUint32(b, r.sequence)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.status))
	b = append(b, byte(r.state), r.part, r.mark)
	b = append(b, r.key[:]...)
	return append(b, r.id[:min(len(r.id), maxID)]...)
}

func decodeSubmit(b []byte) (r submitRecord, ok bool) {
	if len(b) < submitHead || len(b) > maxSubmitSize {
		return r, false
	}
	r.serial, r.stream, r.end = takeWord(&b), takeWord(&b), takeWord(&b)
	r.sequence, r.status = binary.LittleEndian.Uint32(b), Status(binary.LittleEndian.Uint32(b[4:]))
	r.state, r.part, r.mark = state(b[8]), b[9], b[10]
	b = b[11:]
	r.key = digest(b)
	r.id = string(b[len(r.key):])
	return r, r.state >= open && r.state <= lost
}
