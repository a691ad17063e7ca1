package sqlite

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"

	"causeway/mapping"
)

// The blob of a cycle: a byte with the version of the format, when it was
// accepted in nanoseconds since 1970 (not in version 1), the number of records,
// for each its kind (one byte), length and bytes, and CRC-32C of all that.
// Numbers are varints, the sum is little-endian.
const (
	cycleVersion  = 2
	timelessCycle = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errDamaged = errors.New("sqlite: the blob of a cycle is damaged")

// appendCycle appends the blob of records, accepted at a time, to b.
func appendCycle(b []byte, records []mapping.Record, at time.Time) []byte {
	start := len(b)
	b = append(b, cycleVersion)
	b = binary.AppendUvarint(b, uint64(at.UnixNano()))
	b = binary.AppendUvarint(b, uint64(len(records)))
	for _, r := range records {
		b = append(b, byte(r.Kind))
		b = binary.AppendUvarint(b, uint64(len(r.Data)))
		b = append(b, r.Data...)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// decodeCycle returns the records of a blob; they share its memory. A blob of
// another version, cut short or changed gives errDamaged.
func decodeCycle(b []byte) ([]mapping.Record, error) {
	end := len(b) - crc32.Size
	if end < 1 || crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return nil, errDamaged
	}
	at, b, ok := cutTime(b[0], b[1:end])
	if !ok {
		return nil, errDamaged
	}
	n, b, ok := cutUvarint(b)
	if !ok || n > uint64(len(b))/2 {
		return nil, errDamaged
	}
	records := make([]mapping.Record, n)
	for i := range records {
		records[i].At = at
		if b, ok = cutRecord(b, &records[i]); !ok {
			return nil, errDamaged
		}
	}
	if len(b) > 0 {
		return nil, errDamaged
	}
	return records, nil
}

// cutTime cuts the time off, where the version has one.
func cutTime(version byte, b []byte) (at time.Time, rest []byte, ok bool) {
	switch version {
	case timelessCycle:
		return at, b, true
	case cycleVersion:
		n, b, ok := cutUvarint(b)
		return fromNanos(int64(n)), b, ok
	}
	return at, b, false
}

func cutRecord(b []byte, r *mapping.Record) ([]byte, bool) {
	if len(b) == 0 {
		return b, false
	}
	r.Kind = mapping.Kind(b[0])
	n, b, ok := cutUvarint(b[1:])
	if !ok || n > uint64(len(b)) {
		return b, false
	}
	r.Data = b[:n:n]
	return b[n:], true
}

func cutUvarint(b []byte) (uint64, []byte, bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 {
		return 0, b, false
	}
	return n, b[size:], true
}
